package story_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

func missing(s *story.Story) (names []string) {
	for _, m := range s.Missing {
		names = append(names, m.What)
	}
	return names
}

// Each way of an event, with where it is, what is said of it, and what is
// missing.
func TestCollect_Verdicts(t *testing.T) {
	expect := story.Expect{Queues: []string{queue}, MaxReceives: map[string]int{queue: 5}}
	door := []trace.Span{balancer(), request(202), send()}
	failedTwice := slices.Concat(door, receive("00000000000000d1", 1, 100, "failed", map[string]any{"tracehaul.reason": "sink_unavailable"}), receive("00000000000000d2", 2, 200, "failed", map[string]any{"tracehaul.reason": "sink_unavailable"}), []trace.Span{invocation()})
	withSQL := slices.Clone(failedTwice)
	sql := insert("00000000000000d2", 201)
	sql.Status, sql.Attributes = "ERROR", map[string]any{"db.response.status_code": "57P01"}
	withSQL = append(withSQL, sql)
	waiting := letter()
	waiting.Queue, waiting.DeadLetter, waiting.Reason, waiting.ReceiveCount = queue, false, "", 2
	fresh := waiting
	fresh.ReceiveCount = 0
	held := waiting
	held.ReceiveCount, held.HiddenUntil = 1, at(2000).Add(30*time.Second)
	undelivered := letter()
	undelivered.Queue, undelivered.Reason, undelivered.ReceiveCount, undelivered.MessageID = queue+"-undelivered", "undelivered", 1, "another"
	refused := letter()
	refused.Reason, refused.Code, refused.MessageID = "refused", "23514", "another"
	unsent := send()
	unsent.Status, unsent.StatusText = "ERROR", "AuthorizationError"
	busy := request(503)
	busy.Status = "ERROR"
	unreached := balancer()
	unreached.Attributes = map[string]any{"tracehaul.alb.id": "app/dev", "http.request.method": "POST", "http.response.status_code": int64(502), "tracehaul.alb.target.reached": false, "tracehaul.alb.error_reason": "TargetNotHealthy"}

	for name, tt := range map[string]struct {
		found   story.Found
		place   story.Place
		say     []string
		missing []string
	}{
		"arrived":            {story.Found{Spans: arrived(), Rows: []trace.Row{row()}}, story.PlaceRow, []string{"It arrived: the row is there."}, nil},
		"arrived, no row":    {story.Found{Spans: arrived()}, story.PlaceUnknown, []string{"The consumer says that it is written, and the database has no row of it", "A reader may be behind"}, nil},
		"arrived, lost span": {story.Found{Spans: arrived()[:4], Rows: []trace.Row{row()}}, story.PlaceRow, []string{"It arrived"}, []string{"process " + queue}},
		"arrived, lost all":  {story.Found{Spans: arrived()[:3], Rows: []trace.Row{row()}}, story.PlaceRow, []string{"It arrived"}, []string{"process " + queue}},
		"arrived, lost SQL":  {story.Found{Spans: append(arrived()[:5], invocation()), Rows: []trace.Row{row()}}, story.PlaceRow, []string{"It arrived"}, []string{"INSERT events"}},
		"with the consumer":  {story.Found{Spans: door, Messages: []story.Message{held}}, story.PlaceQueue, []string{"It is with the consumer of " + queue, "hidden for another 30s"}, nil},
		"retried": {
			story.Found{Spans: slices.Concat(failedTwice, receive("00000000000000d3", 3, 300, "written", nil), []trace.Span{insert("00000000000000d3", 301)}), Rows: []trace.Row{row()}},
			story.PlaceRow,
			[]string{"3 receives: 2 failed before, the last for failed (sink_unavailable)"},
			nil,
		},
		"failed, waits":      {story.Found{Spans: withSQL, Messages: []story.Message{waiting}}, story.PlaceQueue, []string{"It stopped at the consumer of " + queue + " and waits", "Delivery 2 ended failed (sink_unavailable 57P01): the database is away", "received 2 times of 5"}, nil},
		"failed, place lost": {story.Found{Spans: failedTwice}, story.PlaceQueue, []string{"2 receives failed so far; where the message lies now nobody could tell"}, nil},
		"dead letter":        {story.Found{Spans: failedTwice, Messages: []story.Message{letter()}}, story.PlaceDeadLetter, []string{"is a dead letter", "It lies in " + dlq + " for the reason unsettled, received 6 times", "dlq redrive"}, nil},
		"refused letter":     {story.Found{Spans: failedTwice, Messages: []story.Message{refused}}, story.PlaceDeadLetter, []string{"for the reason refused 23514", "can never work as it is"}, nil},
		"undelivered":        {story.Found{Spans: door, Messages: []story.Message{undelivered}}, story.PlaceDeadLetter, []string{"docs/runbooks/undelivered.md"}, nil},
		"in the queue":       {story.Found{Spans: door, Messages: []story.Message{fresh}}, story.PlaceQueue, []string{"It is in the queue " + queue, "docs/runbooks/queue-age.md"}, nil},
		"sent, lost":         {story.Found{Spans: door}, story.PlaceUnknown, []string{"SNS took it at 08:28:54.002Z, and nothing is known since"}, []string{"process " + queue}},
		"killed": {
			story.Found{Spans: slices.Concat(door, receive("00000000000000d1", 1, 100, "", nil), []trace.Span{invocation()})},
			story.PlaceUnknown,
			[]string{"says nothing of its outcome", "Task timed out"},
			nil,
		},
		"not published":       {story.Found{Spans: []trace.Span{balancer(), busy, unsent}}, story.PlaceUnsent, []string{"SNS did not take it", "AuthorizationError"}, nil},
		"service refused":     {story.Found{Spans: []trace.Span{balancer(), request(400)}, Logs: []story.Log{{Time: at(5), TraceID: id, SpanID: "00000000000000a1", Text: "refused", Attributes: map[string]any{"code": "malformed_json"}}}}, story.PlaceRefused, []string{"it answered 400", "Its log says malformed_json", "PROBLEMS.md"}, nil},
		"no target":           {story.Found{Spans: []trace.Span{unreached}}, story.PlaceRefused, []string{"the load balancer answered 502 itself", "TargetNotHealthy"}, nil},
		"load balancer alone": {story.Found{Spans: []trace.Span{balancer()}}, story.PlaceUnknown, []string{"A target answered 202, and the service says nothing of it"}, []string{"the service's request"}},
		"request alone":       {story.Found{Spans: []trace.Span{balancer(), request(202)}}, story.PlaceUnknown, []string{"nothing is known of a message"}, []string{"send, the publish to SNS"}},
		"lines alone":         {story.Found{Logs: []story.Log{{Time: at(5), TraceID: id, Text: "x"}}}, story.PlaceUnknown, []string{"There are log lines of it", "No back end has a span"}, nil},
		"row alone":           {story.Found{Rows: []trace.Row{row()}}, story.PlaceRow, []string{"It arrived", "times of the row, messages and log lines tell the way", "accepted by the service", "+1.00s"}, nil},
		"letter alone":        {story.Found{Messages: []story.Message{letter()}}, story.PlaceDeadLetter, []string{"is a dead letter", "first arrived in the queue"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := collect(t, tt.found, func(c *story.Config) { c.Expect, c.Now = expect, func() time.Time { return at(2000) } })
			if s.Verdict.Place != tt.place || s.Verdict.Arrived != (tt.place == story.PlaceRow) {
				t.Errorf("place %q, arrived %t; want %q", s.Verdict.Place, s.Verdict.Arrived, tt.place)
			}
			wantAll(t, textOf(t, s), tt.say...)
			if got := missing(s); !slices.Equal(got, tt.missing) {
				t.Errorf("missing %q, want %q", got, tt.missing)
			}
			if s.Verdict.Gaps != (len(tt.missing) > 0) {
				t.Errorf("gaps %t", s.Verdict.Gaps)
			}
		})
	}
}

// A trace of which the load balancer alone has a span has gaps, whatever became
// of its tree.
func TestWriteHTML_LoadBalancerAlone_NoBadgeOfNoGaps(t *testing.T) {
	for name, tt := range map[string]struct {
		spans []trace.Span
		rows  []trace.Row
		want  string
	}{
		"alone": {[]trace.Span{balancer()}, nil, ">has gaps<"},
		"whole": {arrived(), []trace.Row{row()}, ">no gaps<"},
	} {
		var b strings.Builder
		if err := collect(t, story.Found{Spans: tt.spans, Rows: tt.rows}).WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.want) {
			t.Errorf("%s: no badge %s", name, tt.want)
		}
	}
}

// A consumer sends dead letters by a span of its own: that is no publish of the
// event, and the letter belongs to the message that it was made of.
func TestCollect_ConsumerSendsLetter_OneMessage(t *testing.T) {
	spans := receive("00000000000000d1", 1, 100, "dead_lettered", map[string]any{"tracehaul.reason": "malformed"})[1:]
	spans[0].ParentSpanID = "" // it brought no trace
	toDLQ := span("00000000000000e1", "00000000000000d1", "PRODUCER", "send "+dlq, 105, 107, map[string]any{"messaging.destination.name": dlq, "messaging.message.id": "another"})
	m := letter()
	m.MessageID, m.SpanID, m.Reason, m.EventID, m.EventSource = "another", "00000000000000e1", "malformed", "", ""
	s := collect(t, story.Found{Spans: append(spans, toDLQ, invocation()), Messages: []story.Message{m}})
	if len(s.Deliveries) != 1 || s.Verdict.Place != story.PlaceDeadLetter || !slices.Equal(s.Deliveries[0].SQSIDs, []string{sqsID, "another"}) {
		t.Errorf("%s of %+v", s.Verdict.Place, s.Deliveries)
	}
	if got := missing(s); !slices.Equal(got, []string{"send, the publish to SNS"}) {
		t.Errorf("missing %q", got)
	}
	if s.Hops[2].Seen {
		t.Errorf("the card of SNS is %+v", s.Hops[2])
	}
}

// What was tried again and worked has not failed, and a card says how often it
// was passed.
func TestCollect_Retried_CardOfTheConsumerIsWell(t *testing.T) {
	first, other := receive("00000000000000d1", 1, 100, "failed", nil), receive("00000000000000d1", 1, 100, "failed", nil)
	other[1].ParentSpanID = "00000000000000b2" // of another event
	for name, tt := range map[string]struct {
		spans []trace.Span
		want  bool
	}{
		"failed": {first, true}, "worked then": {append(receive("00000000000000d2", 2, 200, "written", nil), first...), false},
		"another worked": {append(receive("00000000000000d2", 2, 200, "written", nil), other...), true},
	} {
		s := collect(t, story.Found{Spans: append([]trace.Span{send()}, tt.spans...)})
		if hop := s.Hops[4]; hop.Name != "Consumer" || !hop.Seen || hop.Failed != tt.want {
			t.Errorf("%s: the card is %+v", name, hop)
		}
	}
}

// Of a batch whose processing nobody has a span of, waits tell which message is
// whose.
func TestCollect_SpansOfProcessingLost_WaitsTellWhichMessage(t *testing.T) {
	second, wait := send(), receive("00000000000000d1", 1, 100, "written", nil)[0]
	second.SpanID, second.Attributes = "00000000000000b2", map[string]any{"messaging.destination.name": "dev-orders-order", "messaging.message.id": "sns-2"}
	wait.ParentSpanID = second.SpanID
	s := collect(t, story.Found{Spans: []trace.Span{send(), second, wait}, Rows: []trace.Row{row()}})
	if d := s.Deliveries[1]; d.SNSMessageID != "sns-2" || d.EventID != "order-4711" || d.Queue != queue || s.Deliveries[0].Place != story.PlaceUnknown {
		t.Errorf("the row went to %+v", s.Deliveries)
	}
}

// An event that was sent again is there already: another trace brought it.
func TestCollect_Duplicate_NamesTheTraceThatBroughtTheRow(t *testing.T) {
	spans := slices.Concat([]trace.Span{balancer(), request(202), send()}, receive("00000000000000d1", 1, 1000, "duplicate", nil), []trace.Span{insert("00000000000000d1", 1002), invocation()})
	s := collect(t, story.Found{Spans: spans})
	if !s.Verdict.Arrived || !strings.Contains(textOf(t, s), "by an earlier sending of the same event") {
		t.Errorf("verdict %+v", s.Verdict)
	}
}

// A trace of many events is as well off as the worst of them, unless one was
// asked for.
func TestCollect_Batch_WorstCountsUnlessOneWasAskedFor(t *testing.T) {
	second := send()
	second.SpanID, second.Attributes = "00000000000000b2", map[string]any{"messaging.destination.name": "dev-orders-order", "messaging.message.id": "sns-2"}
	dead := letter()
	dead.MessageID, dead.SpanID, dead.EventID = "sqs-2", "00000000000000b2", "order-4712"
	found := story.Found{Spans: append(arrived(), second), Rows: []trace.Row{row()}, Messages: []story.Message{dead}}
	s := collect(t, found)
	if s.Verdict.Place != story.PlaceDeadLetter {
		t.Errorf("the trace is %s, want it at its dead letter", s.Verdict.Place)
	}
	wantAll(t, textOf(t, s), "Of 2 messages of this trace: 1 written, 1 dead letter.")
	for given, want := range map[string]story.Place{"order-4711": story.PlaceRow, "order-4712": story.PlaceDeadLetter} {
		s := collect(t, found, func(c *story.Config) { c.Given = given })
		if s.Verdict.Place != want || s.TraceID != id {
			t.Errorf("%s is %s in trace %s, want %s", given, s.Verdict.Place, s.TraceID, want)
		}
		text := textOf(t, s)
		wantAll(t, text, "and 1 further message of this trace")
		var page strings.Builder
		if err := s.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		if other := map[string]string{"order-4711": "sqs-2", "order-4712": sqsID + " "}[given]; !strings.Contains(page.String(), "and 1 further message of this trace") || strings.Contains(messagesOf(page.String()), other) {
			t.Errorf("%s: the page has the other event's message %s:\n%s", given, other, messagesOf(page.String()))
		}
		if has := strings.Contains(text, "written_at"); has != (want == story.PlaceRow) {
			t.Errorf("%s: it shows the other event's row:\n%s", given, text)
		}
	}
}

// messagesOf is the part of a page about messages.
func messagesOf(page string) string {
	_, rest, _ := strings.Cut(page, "<h2>Messages</h2>")
	part, _, _ := strings.Cut(rest, "</section>")
	return part
}

func TestCollect_ClocksDiffer_SaidAndClamped(t *testing.T) {
	late := row()
	late[6].Value = at(5000) // accepted after it was sent
	s := collect(t, story.Found{Rows: []trace.Row{late}})
	wantAll(t, textOf(t, s), "clamped: clocks differ", `Clocks differ: "arrived in the queue" is, by the clock of SQS, before`)

	spans := arrived()
	spans[3].Attributes["tracehaul.clock.clamped"], spans[3].Attributes["tracehaul.clock.skew_ms"] = true, int64(42)
	s = collect(t, story.Found{Spans: spans, Rows: []trace.Row{row()}})
	wantAll(t, textOf(t, s), `the times of "wait dev-intake-order-ledger" were moved by 42 ms`)
}
