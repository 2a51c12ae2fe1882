//go:build unix

package main

// batchMutations are about what becomes of messages that are not stored, and of
// their traces.
func batchMutations() []mutation {
	return []mutation{
		{
			name: "bisect", what: "a batch with poison in it is refused as a whole", short: true,
			edits: []edit{{
				"consumer/batch.go", "\tcase len(records) == 1:\n\t\trecords[0].outcome = outcomeRefused\n" +
					"\t\tb.putAside(letter{message: records[0].message, record: records[0], reason: semconv.ReasonRefused, err: err})\n",
				"\tcase true:\n\t\tfor _, r := range records {\n\t\t\tr.outcome = outcomeRefused\n" +
					"\t\t\tb.putAside(letter{message: r.message, record: r, reason: semconv.ReasonRefused, err: err})\n\t\t}\n",
			}},
			claims: []claim{{"consumer/poison", "belongs in the table"}},
		},
		{
			name: "partial-failure-report", what: "messages that failed are not reported", short: true,
			edits: []edit{{"telemetry/awslambda/batch.go", "if key.outcome == semconv.OutcomeFailed {", "if false {"}},
			claims: []claim{
				{"consumer/deadline", "lost"},
				{"consumer/moved-by-sqs", "waited"},
				{"database/dropped-before-batch", "lost"},
				{"database/refused", "lost"},
				{"database/restarted", "lost"},
				{"database/crashed", "lost"},
				{"database/failover", "lost"},
				{"database/deadlock", "lost"},
			},
		},
		{
			name: "dead-letter-is-confirmed", what: "a message is acknowledged though the dead-letter queue has not taken it",
			edits:  []edit{{"consumer/deadletter.go", "\t\tif sent[id] {\n", "\t\tif true {\n"}},
			claims: []claim{{"consumer/poison-and-no-dlq", "lost"}},
		},
		{
			name: "deadline-margin", what: "a batch is worked on until Lambda ends the process",
			edits:  []edit{{"telemetry/awslambda/invocation.go", "c.margin = max(0, min(f.DeadlineMargin, time.Until(deadline)/2))", "c.margin = 0"}},
			claims: []claim{{"consumer/deadline", "ended by Lambda"}, {"database/slow", "ended by Lambda"}},
		},
		{
			name: "letters-in-a-call", what: "a call has more than ten dead letters",
			edits:  []edit{{"consumer/deadletter.go", "if len(p) == maxEntries || ", "if len(p) == 100*maxEntries || "}},
			claims: []claim{{"consumer/dead-letters-at-limits", "of 100 bytes in a call"}},
		},
		{
			name: "bytes-in-a-call", what: "dead letters of one call have any size together",
			edits:  []edit{{"consumer/deadletter.go", "size+s.size > messageBytes {", "size+s.size > 100*messageBytes {"}},
			claims: []claim{{"consumer/dead-letters-at-limits", "of 61440 bytes in a call"}},
		},
		{
			name: "large-letters", what: "a message that its SNS envelope makes larger than SNS takes is a dead letter without a reason",
			edits:  []edit{{"consumer/letter.go", "\t\tlimit = largeBytes\n", "\t\tlimit = messageBytes\n"}},
			claims: []claim{{"consumer/poison-in-envelopes", "has reason \"\""}},
		},
		{
			name: "letter-attributes", what: "a dead letter has its reason on top of ten attributes",
			edits:  []edit{{"consumer/letter.go", "\tmaxAttributes = 10\n", "\tmaxAttributes = 100\n"}},
			claims: []claim{{"consumer/dead-letters-at-limits", "a message with 10 attributes"}},
		},
		{
			name: "letters-alone", what: "dead letters that were refused together stay together",
			edits:  []edit{{"consumer/deadletter.go", "case len(p) > 1 && spoilt", "case len(p) > 1000 && spoilt"}},
			claims: []claim{{"consumer/dead-letters-at-limits", "where calls with several dead letters are refused"}},
		},
		{
			name: "classes-of-poison", what: "only a constraint's refusal is poison",
			edits: []edit{
				{"consumer/postgres/error.go", "\tcase \"22\", // data exception\n", "\tcase\n"},
				{
					"consumer/postgres/error.go", "\t\t\"23\", // integrity constraint violation\n\t\t\"44\", // WITH CHECK OPTION violation\n\t\t\"54\":",
					"\t\t\"23\":",
				},
				{"consumer/postgres/error.go", "return code == \"P0001\"", "return false"},
			},
			claims: []claim{{"consumer/poison", "waited"}},
		},
		{
			name: "failure-reason", what: "a dead letter has no code",
			edits:  []edit{{"consumer/letter.go", "if code := ErrorCode(l.err); code != \"\" {", "if code := ErrorCode(l.err); code == \"?\" {"}},
			claims: []claim{{"consumer/poison", "has no code"}, {"consumer/killed-after-dead-letter", "has no code"}},
		},
		{
			name: "original-context", what: "a dead letter has lost the context that it came with",
			edits:  []edit{{"consumer/letter.go", "\tcame := l.attributes()\n", "\tcame := l.attributes()\n\tdelete(came, \"traceparent\")\n"}},
			claims: []claim{{"consumer/redrive", "broken"}},
		},
		{
			name: "envelope-context", what: "nobody looks for a context in an SNS envelope",
			edits:  []edit{{"telemetry/message/received.go", "r.extract(ctx, layered{raw, e.attributes}, ", "r.extract(ctx, raw, "}},
			claims: []claim{{"consumer/poison-in-envelopes", "broken"}},
		},
		{
			name: "nul-check", what: "U+0000 is taken for a character that can be stored",
			edits:  []edit{{"event/scan.go", "if r == 0 && refuseNUL {", "if r == 0 && refuseNUL && s.depth < 0 {"}},
			claims: []claim{{"consumer/poison", `want "malformed"`}},
		},
		{
			name: "depth-limit", what: "JSON may be nested as deep as it likes",
			edits:  []edit{{"event/scan.go", "if s.depth++; s.depth > s.maxDepth {", "if s.depth++; s.depth > 1<<20 {"}},
			claims: []claim{{"consumer/poison", "lost"}},
		},
		{
			name: "clock-is-clamped", what: "a wait is what the clocks say",
			edits:  []edit{{"telemetry/awslambda/batch.go", "sent.Before(m.HandedOver) {", "!sent.IsZero() {"}},
			claims: []claim{{"clock/consumer-behind", "ends"}},
		},
		{
			name: "clamp-is-told", what: "every wait is said to have been moved, for whatever the clocks say",
			edits: []edit{{"telemetry/awslambda/batch.go", "if skew > 0 {", "if skew > -1000*time.Hour {"}},
			claims: []claim{
				{"clock/service-ahead", "want false"},
				{"clock/service-behind", "want false"},
				{"clock/consumer-ahead", "want false"},
			},
		},
	}
}
