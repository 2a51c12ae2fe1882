//go:build unix

package main

// mutation takes one safeguard away. A scenario has to fail then, and to say
// what is wrong: otherwise it proves nothing about the safeguard.
type mutation struct {
	name     string
	what     string // what is gone
	edits    []edit // files of this repository, relative to its root
	harness  bool   // what changes is what this program does in place of the service
	scenario string // that fails
	says     string // a part of what it says
}

var mutations = []mutation{
	{
		name: "idempotent-insert", what: "the insert minds what is there already",
		edits:    []edit{{"consumer/postgres/columns.go", `" ON CONFLICT (source, id) DO NOTHING RETURNING`, `" RETURNING`}},
		scenario: "consumer/duplicates-across-batches", says: "doubled",
	},
	{
		name: "bisect", what: "a batch with poison in it is refused as a whole",
		edits: []edit{{
			"consumer/batch.go", "\tcase len(records) == 1:\n\t\trecords[0].outcome = outcomeRefused\n" +
				"\t\tb.letters = append(b.letters, letter{message: records[0].message, reason: semconv.ReasonRefused, err: err})\n",
			"\tcase true:\n\t\tfor _, r := range records {\n\t\t\tr.outcome = outcomeRefused\n" +
				"\t\t\tb.letters = append(b.letters, letter{message: r.message, reason: semconv.ReasonRefused, err: err})\n\t\t}\n",
		}},
		scenario: "consumer/poison", says: "belongs in the table",
	},
	{
		name: "partial-failure-report", what: "messages that failed are not reported",
		edits:    []edit{{"telemetry/awslambda/batch.go", "if s.outcome == semconv.OutcomeFailed {", "if false {"}},
		scenario: "consumer/deadline", says: "lost",
	},
	{
		name: "commit-is-awaited", what: "the insert takes the rows' answers for the commit's",
		edits: []edit{
			{"consumer/postgres/sink.go", "\tif closeErr := p.Close(); err == nil {\n\t\terr = closeErr\n\t}\n", "\t_ = p.Close()\n"},
			{"consumer/postgres/reader.go", "\tfor {\n\t\tresult, err := p.GetResults()\n", "\tfor len(r.unread) > 0 {\n\t\tresult, err := p.GetResults()\n"},
			{"consumer/postgres/reader.go", "more to come\n\t\t\treturn nil\n\t\t}\n\t}\n}\n", "more to come\n\t\t\treturn nil\n\t\t}\n\t}\n\treturn nil\n}\n"},
		},
		scenario: "database/dropped-mid-batch", says: "lost",
	},
	{
		name: "dead-letter-is-confirmed", what: "a message is acknowledged though the dead-letter queue has not taken it",
		edits:    []edit{{"consumer/deadletter.go", "\t\tif sent[id] {\n", "\t\tif true {\n"}},
		scenario: "consumer/poison-and-no-dlq", says: "lost",
	},
	{
		name: "deadline-margin", what: "a batch is worked on until Lambda ends the process",
		edits:    []edit{{"telemetry/awslambda/invocation.go", "c.margin = max(0, min(f.DeadlineMargin, time.Until(deadline)/2))", "c.margin = 0"}},
		scenario: "consumer/deadline", says: "ended by Lambda",
	},
	{
		name: "what-passes-is-no-poison", what: "a serialisation failure is taken for poison",
		edits:    []edit{{"consumer/postgres/error.go", "\tcase \"22\", // data exception\n", "\tcase \"22\", \"40\",\n"}},
		scenario: "database/serialisation-repeated", says: "belongs in the table",
	},
	{
		name: "failure-reason", what: "a dead letter has no code",
		edits:    []edit{{"consumer/letter.go", "if code := ErrorCode(l.err); code != \"\" {", "if code := ErrorCode(l.err); code == \"?\" {"}},
		scenario: "consumer/poison", says: "has no code",
	},
	{
		name: "original-context", what: "a dead letter has lost the context that it came with",
		edits:    []edit{{"consumer/letter.go", "\tcame := l.attributes()\n", "\tcame := l.attributes()\n\tdelete(came, \"traceparent\")\n"}},
		scenario: "consumer/redrive", says: "broken",
	},
	{
		name: "bounded-flush", what: "an invocation waits for the collector as long as that takes",
		edits: []edit{
			{"telemetry/awslambda/invocation.go", "context.WithDeadline(context.WithoutCancel(inv.ctx), limit)", "context.WithDeadline(context.WithoutCancel(inv.ctx), limit.Add(time.Hour))"},
			{"telemetry/defaults.go", "orDefault(c.FlushTimeout, 5*time.Second)", "orDefault(c.FlushTimeout, time.Hour)"},
		},
		scenario: "collector/hangs",
	},
	{
		name: "hung-collector-is-left-alone", what: "every invocation waits for a collector that hangs",
		edits:    []edit{{"telemetry/internal/batch/processor.go", "\tif stalled {\n", "\tif false && stalled {\n"}},
		scenario: "collector/hangs", says: "until all is consumed",
	},
	{
		name: "drops-are-counted", what: "what a collector refuses is dropped in silence",
		edits:    []edit{{"telemetry/internal/export/upload.go", "\tu.Dropped(n, err.Reason)\n", ""}},
		scenario: "collector/refuses", says: "says what it has dropped",
	},
	{
		name: "hung-connection-leaves-pool", what: "the pool waits until a connection that hangs is cleared up",
		edits:    []edit{{"consumer/postgres/sink.go", "if conn.Conn().IsClosed() {", "if false && conn.Conn().IsClosed() {"}},
		scenario: "database/hangs", says: "were struck",
	},
	{
		name: "reader-is-closed", what: "a connection to what is a reader now is kept",
		edits:    []edit{{"consumer/postgres/open.go", "err.Code != codeReadOnly && onError", "onError"}},
		scenario: "database/read-only", says: "until the queue is empty",
	},
	{
		name: "secret-is-read-again", what: "a password that was refused is kept until it is old",
		edits:    []edit{{"consumer/postgres/credentials.go", "\ts.read = time.Time{}\n", ""}},
		scenario: "database/password-rotated", says: "the new password was read",
	},
	{
		name: "attribute-budget", what: "a message gets a context though it has ten attributes already",
		edits:   []edit{{"telemetry/message/injector.go", "b.Attributes = 10\n", "b.Attributes = 100\n"}},
		harness: true, scenario: "topic/attribute-limit",
	},
	{
		name: "byte-budget", what: "a message gets a context though there is no room for its bytes",
		edits:    []edit{{"telemetry/message/injector.go", "b.Bytes = 256 << 10\n", "b.Bytes = 1 << 30\n"}},
		scenario: "topic/size-limit",
	},
	{
		name: "clock-is-clamped", what: "a wait is what the clocks say",
		edits:    []edit{{"telemetry/awslambda/batch.go", "\tif sent.After(m.HandedOver) {\n\t\tsent = m.HandedOver\n\t}\n", ""}},
		scenario: "clock/consumer-behind", says: "ends",
	},
}
