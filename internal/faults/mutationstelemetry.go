//go:build unix

package main

// telemetryMutations are about what a collector may cost.
func telemetryMutations() []mutation {
	return []mutation{
		{
			name: "bounded-flush", what: "an invocation waits for the collector as long as that takes", short: true,
			edits: []edit{
				{"telemetry/awslambda/invocation.go", "context.WithDeadline(context.WithoutCancel(inv.ctx), limit)", "context.WithDeadline(context.WithoutCancel(inv.ctx), limit.Add(time.Hour))"},
				{"telemetry/defaults.go", "orDefault(c.FlushTimeout, 5*time.Second)", "orDefault(c.FlushTimeout, time.Hour)"},
			},
			claims: []claim{{"collector/hangs", "an invocation took"}},
		},
		{
			name: "flush-before-the-deadline", what: "a flush takes its time, whatever Lambda's deadline is",
			edits:  []edit{{"telemetry/awslambda/invocation.go", "!inv.deadline.IsZero() && last.Before(limit)", "inv.deadline.IsZero() && last.Before(limit)"}},
			claims: []claim{{"collector/hangs-at-the-deadline", "beyond Lambda's deadline"}},
		},
		{
			name: "flush-as-it-ends", what: "what waits to be sent is lost when Lambda ends a process",
			edits:  []edit{{"telemetry/awslambda/wrap.go", "\t\tonSIGTERM(c.shutDown)\n", "\t\t_ = c.shutDown\n"}},
			claims: []claim{{"collector/answers-late", "never came"}},
		},
		{
			name: "requests-do-not-export", what: "whoever makes a span waits until it is sent",
			edits: []edit{{
				"telemetry/internal/batch/processor.go", "\tp.mu.Unlock()\n\tif full {\n\t\tp.signal()\n\t}\n}\n",
				"\tp.mu.Unlock()\n\t_ = full\n\tctx, cancel := context.WithTimeout(p.ctx, 500*time.Millisecond)\n\tdefer cancel()\n\t_ = p.Flush(ctx)\n}\n",
			}},
			claims: []claim{{"collector/slow", "with a collector that is well"}},
		},
		{
			name: "failure-costs-nothing", what: "a span costs a third of a millisecond once an export has failed",
			edits: []edit{{
				"telemetry/internal/batch/processor.go", "\tfull := p.queue.n == p.c.BatchSize || size > 0 && p.heavy()\n\tp.mu.Unlock()\n",
				"\tfull, failed := p.queue.n == p.c.BatchSize || size > 0 && p.heavy(), p.failure != nil\n\tp.mu.Unlock()\n\tif failed {\n\t\ttime.Sleep(300 * time.Microsecond)\n\t}\n",
			}},
			claims: []claim{{"collector/refuses", "the median of requests"}},
		},
		{
			name: "hung-collector-is-left-alone", what: "every invocation waits for a collector that hangs",
			edits:  []edit{{"telemetry/internal/batch/flush.go", "\tif stalled {\n", "\tif false && stalled {\n"}},
			claims: []claim{{"collector/hangs", "until all is consumed"}},
		},
		{
			name: "flush-before-the-freeze", what: "an invocation answers and leaves its telemetry to the next one",
			edits:  []edit{{"telemetry/awslambda/invocation.go", "if inv.Flush == nil {", "if inv.Flush != nil {"}},
			claims: []claim{{"collector/slow", "broken"}},
		},
		{
			name: "telemetry-is-dropped", what: "who makes a span waits until there is room for it",
			edits:  []edit{{"telemetry/internal/batch/processor.go", "\t\tp.c.Dropped(1, reason)\n\t\treturn\n", "\t\tif reason == semconv.DropQueueFull {\n\t\t\ttime.Sleep(10 * time.Millisecond)\n\t\t\tp.Add(item)\n\t\t}\n\t\treturn\n"}},
			claims: []claim{{"collector/hangs", "a request took"}},
		},
		{
			name: "telemetry-is-bounded", what: "any amount of telemetry is kept for a collector that does not take it",
			edits: []edit{
				{"telemetry/internal/batch/processor.go", "ring[T]{bound: c.QueueSize}", "ring[T]{bound: 1 << 30}"},
				{"telemetry/internal/batch/processor.go", "size > 0 && p.bytes+size > p.c.QueueBytes:", "size < 0:"},
			},
			claims: []claim{{"collector/hangs", "queue_full"}},
		},
		{
			name: "export-timeout", what: "an export takes as long as the collector likes",
			edits:  []edit{{"telemetry/export.go", "min(b.ExportTimeout, e.Timeout)", "100 * max(b.ExportTimeout, e.Timeout)"}},
			claims: []claim{{"collector/drips", "says what it has dropped"}, {"collector/takes-and-hangs", "says what it has dropped"}},
		},
		{
			name: "drops-are-counted", what: "what a collector refuses is dropped in silence",
			edits: []edit{{"telemetry/internal/export/upload.go", "\tu.Dropped(n, err.Reason)\n", ""}},
			claims: []claim{
				{"collector/refuses", "says what it has dropped"},
				{"collector/down", "says what it has dropped"},
				{"collector/resets", "says what it has dropped"},
				{"collector/cuts-answers", "says what it has dropped"},
				{"collector/unavailable", "says what it has dropped"},
				{"collector/too-large", "says what it has dropped"},
			},
		},
		{
			name: "answers-are-read", what: "an answer that is no OTLP is taken for one that says yes",
			edits: []edit{{
				"telemetry/internal/export/upload.go", "\tif err != nil {\n\t\treturn u.drop(n, &Error{Reason: semconv.DropGarbled,",
				"\tif err != nil {\n\t\treturn nil\n\t}\n\tif err != nil {\n\t\treturn u.drop(n, &Error{Reason: semconv.DropGarbled,",
			}},
			claims: []claim{{"collector/garbage", "says what it has dropped"}},
		},
		{
			name: "web-pages-are-no-answer", what: "a web page is taken for a collector that says yes",
			edits:  []edit{{"telemetry/internal/otlphttp/client.go", `case media == "text/html":`, `case media == "text/html" && resp.StatusCode == 0:`}},
			claims: []claim{{"collector/web-page", "says what it has dropped"}},
		},
		{
			name: "answers-are-bounded", what: "an answer is read to its end, if it has one",
			edits:  []edit{{"telemetry/internal/otlphttp/client.go", "const maxResponse = 64 << 10", "const maxResponse = 128 << 20"}},
			claims: []claim{{"collector/endless", "has grown by"}},
		},
		{
			name: "too-large-is-halved", what: "what a collector finds too large is given up as a whole",
			edits:  []edit{{"telemetry/internal/export/upload.go", "case err.Reason == semconv.DropTooLarge:", "case err.Reason == \"?\":"}},
			claims: []claim{{"collector/takes-little", "broken"}},
		},
		{
			name: "throttled-is-repeated", what: "what a collector throttles is given up",
			edits:  []edit{{"telemetry/internal/otlphttp/client.go", "case http.StatusTooManyRequests, http.StatusBadGateway,", "case http.StatusBadGateway,"}},
			claims: []claim{{"collector/throttles", "broken"}},
		},
		{
			name: "asked-for-pause", what: "a collector that asks for a pause gets none",
			edits:  []edit{{"telemetry/internal/export/retry.go", "max(wait, min(err.After, mostAsked))", "wait"}},
			claims: []claim{{"collector/throttles-for-long", "has asked for a pause"}},
		},
	}
}
