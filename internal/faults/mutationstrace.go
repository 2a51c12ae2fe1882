//go:build unix

package main

// traceMutations are about traces and the times in them.
func traceMutations() []mutation {
	return []mutation{
		{
			name: "flush-at-the-end", what: "a program ends and leaves its telemetry unsent", short: true,
			edits: []edit{{
				"telemetry/telemetry.go",
				"\t\terr = errors.Join(t.shutdownFirst(ctx), concurrently(t.last, func(s stoppable) error { return s.Shutdown(ctx) }))\n",
				"\t\t_ = ctx\n",
			}},
			claims: []claim{{"front/terminated", "broken"}, {"storm/service", "broken"}},
		},
		{
			name: "waits-are-shown", what: "no span shows how long a message waited in its queue",
			edits:  []edit{{"telemetry/awslambda/batch.go", "if !b.NoWaitSpan && sender.HasTraceID()", "if b.NoWaitSpan && sender.HasTraceID()"}},
			claims: []claim{{"consumer/poison-in-envelopes", "no wait of message"}},
		},
		{
			name: "invocations-link-to-messages", what: "an invocation does not say which messages it had",
			edits: []edit{{
				"telemetry/awslambda/batch.go", "\t\tif sender.IsValid() {\n\t\t\tspan.AddLink(b.span, sender)",
				"\t\tif sender.IsValid() && b.answered {\n\t\t\tspan.AddLink(b.span, sender)",
			}},
			claims: []claim{{"consumer/poison-in-envelopes", "does not link back"}},
		},
		{
			name: "clock-behind-is-said", what: "nothing says why a span begins before its parent",
			edits:  []edit{{"consumer/skew.go", "skew > skewUnsaid {", "skew > skewUnsaid*100_000 {"}},
			claims: []claim{{"clock/service-ahead", "clock is 0s behind"}, {"clock/consumer-behind", "clock is 0s behind"}},
		},
		{
			name: "calls-end", what: "every call of SNS leaves a goroutine behind",
			edits:  []edit{{"service/delivery.go", "\tp.metrics.sent(ctx, batch)\n", "\tp.metrics.sent(ctx, batch)\n\tgo func() { select {} }()\n"}},
			claims: []claim{{"storm/lives-on", "goroutines after all"}},
		},
		{
			name: "batches-end", what: "every batch leaves a goroutine behind",
			edits:  []edit{{"consumer/batch.go", "\tspace := make([]Record, len(messages))\n", "\tspace := make([]Record, len(messages))\n\tgo func() { select {} }()\n"}},
			claims: []claim{{"storm/lives-on", "goroutines after all"}},
		},
	}
}
