package story_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// An event that was asked for is told of alone, above all in the first lines.
func TestText_EventAskedFor_NamedAlone(t *testing.T) {
	other := slices.Clone(row())
	other[1].Value, other[3].Value, other[4].Value = "order-9999", "00000000000000d9", "another"
	f := story.Found{Spans: arrived(), Rows: []trace.Row{row(), other}}
	head, _, _ := strings.Cut(textOf(t, collect(t, f, func(c *story.Config) { c.Given, c.As = "order-4711", story.KindEvent })), "waterfall")
	if !strings.Contains(head, "event  /orders/intake order-4711\n") || strings.Contains(head, "order-9999") {
		t.Errorf("it begins with\n%s", head)
	}
	wantAll(t, textOf(t, collect(t, f)), "event  /orders/intake order-4711\n", "event  /orders/intake order-9999\n")
}

// The time of a letter is that of its first sending only if SQS has moved it.
func TestText_LetterOfTheConsumer_SinceWhen(t *testing.T) {
	refused := letter()
	refused.Reason, refused.Code, refused.ReceiveCount = "refused", "23514", 0
	for want, m := range map[string]story.Message{"first sent": letter(), "since it was put there": refused} {
		s := collect(t, story.Found{Spans: arrived()[:3], Messages: []story.Message{m}})
		wantAll(t, strings.Join(s.Verdict.Why, "\n"), want)
		if text := textOf(t, s); strings.Contains(text, "first sent") != (want == "first sent") {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

// Of an event that was a dead letter and has arrived both are told.
func TestVerdict_Redriven_TellsOfTheLetter(t *testing.T) {
	spans := slices.Concat([]trace.Span{balancer(), request(202), send(), invocation()},
		receive("00000000000000d0", 1, 500, "dead_lettered", map[string]any{"tracehaul.reason": "refused"}), receive("00000000000000d1", 1, 1000, "written", nil))
	s := collect(t, story.Found{Spans: spans, Rows: []trace.Row{row()}})
	if !s.Verdict.Arrived {
		t.Fatalf("the verdict is %+v", s.Verdict)
	}
	wantAll(t, strings.Join(s.Verdict.Why, "\n"), "Delivery 1 ended dead_lettered (refused): it was a dead letter")
}

// What package deadletter calls the reasons is what is told of them.
func TestVerdict_ReasonsOfDeadLetters(t *testing.T) {
	for reason, want := range map[string]string{
		deadletter.ReasonUnsettled: "may be gone", deadletter.ReasonUndelivered: "docs/runbooks/undelivered.md", deadletter.ReasonUnknown: "It can never work as it is",
	} {
		m := letter()
		m.Reason = reason
		wantAll(t, strings.Join(collect(t, story.Found{Spans: arrived()[:3], Messages: []story.Message{m}}).Verdict.Next, "\n"), want)
	}
}
