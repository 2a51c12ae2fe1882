//go:build unix

package main

// acceptMutations are about what an answer is worth that the service gives.
func acceptMutations() []mutation {
	return []mutation{
		{
			name: "accepted-when-confirmed", what: "202 is answered before SNS has confirmed the event",
			edits: []edit{{
				"service/ingest.go", "\treturn s.answer(w, r, results, s.publisher.wait(sub, s.cfg.RequestTimeout))\n",
				"\t_ = sub\n\treturn s.answer(w, r, results, make([]*publishError, len(results)))\n",
			}},
			claims: []claim{
				{"front/killed", "lost"},
				{"topic/fails", "lost"},
				{"topic/fails-at-times", "lost"},
				{"storm/service", "lost"},
			},
		},
		{
			name: "entry-failures", what: "a call that SNS answers is taken for one that it took as a whole",
			edits:  []edit{{"service/delivery.go", "if len(out.Successful) == len(batch) {", "if out != nil {"}},
			claims: []claim{{"topic/partial-batch", "lost"}},
		},
		{
			name: "entry-attempts", what: "an entry that SNS has failed is not sent again",
			edits:  []edit{{"service/delivery.go", "if attempt == p.attempts || ", "if attempt > 0 || "}},
			claims: []claim{{"topic/partial-batch-once", "an answer is 503"}},
		},
		{
			name: "entry-refusals", what: "an entry that SNS finds fault with is taken for one that it may take later",
			edits:  []edit{{"service/publisherror.go", "if e.SenderFault {", "if false {"}},
			claims: []claim{{"topic/refuses-entries", "no client was told publish_refused"}},
		},
		{
			name: "entries-alone", what: "an event that spoils its call spoils it for the others",
			edits:  []edit{{"service/delivery.go", "if len(batch) == 1 || !spoilt.Batch(err) {", "if len(batch) >= 1 || !spoilt.Batch(err) {"}},
			claims: []claim{{"topic/refuses-together", "an answer is 502"}},
		},
		{
			name: "throttling-is-told", what: "SNS's throttling is taken for a refusal",
			edits:  []edit{{"service/publisherror.go", "if _, throttled := throttles[api.ErrorCode()]; throttled {", "if _, throttled := throttles[api.ErrorCode()]; throttled && false {"}},
			claims: []claim{{"topic/throttled", "no client was told publish_throttled"}},
		},
		{
			name: "throttled-calls", what: "SNS's own codes for throttling end a call at once",
			edits:  []edit{{"service/sns.go", "\to.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: throttles})\n", ""}},
			claims: []claim{{"topic/throttled-once", `an answer is 503 "publish_throttled"`}},
		},
		{
			name: "throttled-entries", what: "an entry that SNS throttles is refused",
			edits:  []edit{{"service/publisherror.go", "if _, throttled := throttles[aws.ToString(e.Code)]; throttled {", "if _, throttled := throttles[aws.ToString(e.Code)]; throttled && !e.SenderFault {"}},
			claims: []claim{{"topic/throttled-once", `an answer is 502 "publish_refused"`}},
		},
		{
			name: "refusals-are-told", what: "SNS's refusals are taken for what passes",
			edits:  []edit{{"service/publisherror.go", "if api.ErrorFault() == smithy.FaultClient {", "if api.ErrorFault() == smithy.FaultClient && false {"}},
			claims: []claim{{"topic/refuses", "no client was told publish_refused"}},
		},
		{
			name: "retry-after", what: "nobody is told when to come back",
			edits:  []edit{{"service/problem.go", "if k.retryAfter > 0 {", "if k.retryAfter > 60 {"}},
			claims: []claim{{"topic/fails", `with Retry-After ""`}},
		},
		{
			name: "bounded-wait", what: "a request waits for SNS for as long as that takes",
			edits: []edit{
				{"service/publisher.go", "late := time.NewTimer(timeout)", "late := time.NewTimer(timeout + time.Hour)"},
				{"service/delivery.go", "context.WithTimeout(p.ctx, p.timeout)", "context.WithTimeout(p.ctx, p.timeout+time.Hour)"},
				{"service/sns.go", "attemptTimeout = 3 * time.Second", "attemptTimeout = time.Hour"},
			},
			claims: []claim{{"topic/hangs", "a request has no answer"}},
		},
		{
			name: "drain", what: "the service ends at once when it is told to",
			edits:  []edit{{"service/run.go", "err := server.Shutdown(ctx)", "err := server.Close()"}},
			claims: []claim{{"front/terminated", "a request has no answer"}},
		},
		{
			name: "attribute-budget", what: "a message gets a context though it has ten attributes already", short: true,
			edits:   []edit{{"telemetry/message/injector.go", "b.Attributes = 10\n", "b.Attributes = 100\n"}},
			harness: true, claims: []claim{{"topic/attribute-limit", "attributes of its own"}},
		},
		{
			name: "byte-budget", what: "a message gets a context though there is no room for its bytes",
			edits:  []edit{{"telemetry/message/injector.go", "b.Bytes = 256 << 10\n", "b.Bytes = 1 << 30\n"}},
			claims: []claim{{"topic/size-limit", "the answer is"}},
		},
		{
			name: "byte-budget-edge", what: "a message gets a context that is one byte more than there is room for",
			edits:  []edit{{"telemetry/message/injector.go", "b.Bytes = 256 << 10\n", "b.Bytes = 256<<10 + 1\n"}},
			claims: []claim{{"topic/size-limit", "a message of 262145 bytes"}},
		},
		{
			name: "call-size-edge", what: "a call is filled with one byte more than it may have",
			edits:  []edit{{"service/publisher.go", "if size+e.size > p.maxBytes && n > 0 {", "if size+e.size > p.maxBytes+1 && n > 0 {"}},
			claims: []claim{{"topic/size-limit", "a call of 262145 bytes"}},
		},
		{
			name: "call-size", what: "a call is filled though it is full",
			edits:  []edit{{"service/publisher.go", "if size+e.size > p.maxBytes && n > 0 {", "if size+e.size > 8*p.maxBytes && n > 0 {"}},
			claims: []claim{{"topic/size-limit", "an event has lost its traceparent to the others"}},
		},
	}
}
