package story_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// apart are back ends that know one thing each, as in AWS.
func apart() (database, traces, lines *fake) {
	database = &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{row()}}}
	traces = &fake{name: "Tempo", holds: story.HoldsSpans, found: story.Found{Spans: arrived()}}
	lines = &fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{
		{Time: at(1006), Severity: "INFO", TraceID: invocationTrace, SpanID: "00000000000000f1", Text: "events stored"},
		{Time: at(1006), TraceID: "ffffffffffffffffffffffffffffffff", Text: "of somebody else"},
	}}}
	return database, traces, lines
}

// A back end that knows spans and lines answers a message with both: the lines
// of the invocation do not make its trace the event's.
func TestCollect_MessageWithLinesOfInvocation_OneTrace(t *testing.T) {
	_, traces, lines := apart()
	traces.found.Logs = lines.found.Logs[:1]
	s, err := story.Collect(t.Context(), story.Config{Given: snsID, Backends: []story.Backend{traces}})
	if err != nil || s.TraceID != id || len(s.Notes) > 0 || len(s.Logs) != 1 {
		t.Errorf("trace %s with notes %q and %d lines, %v", s.TraceID, s.Notes, len(s.Logs), err)
	}
}

// From each of its ids the same story is told, whoever knows the id.
func TestCollect_AnyID_SameStory(t *testing.T) {
	var first string
	for _, given := range []string{id, "Root=1-6b07edc6-9e86922d4e1e7ef667a03dbb", "00-" + id + "-00f067aa0ba902b7-01", "order-4711", "/orders/intake order-4711", sqsID, snsID} {
		database, traces, lines := apart()
		s, err := story.Collect(t.Context(), story.Config{Given: given, Backends: []story.Backend{database, traces, lines}})
		if err != nil {
			t.Fatalf("%s: %v", given, err)
		}
		for _, b := range []*fake{traces, lines} {
			asked := map[string]int{}
			for _, look := range b.looks {
				for _, id := range look.TraceIDs {
					if asked[id]++; asked[id] > 1 {
						t.Errorf("%s: %s was asked for %s again: a look may cost", given, b.name, id)
					}
				}
			}
		}
		s.Given, s.As, s.At, s.Asked = "", "", time.Time{}, nil
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
			wantAll(t, first, "INSERT events", "events stored", `"id":"order-4711"`)
			if strings.Contains(first, "somebody else") {
				t.Error("it has a line of another trace")
			}
		}
		if string(b) != first {
			t.Errorf("%s tells another story:\n%s\nthan\n%s", given, b, first)
		}
	}
}

func TestCollect_OneIsAway_OthersStillTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		database, traces, lines := apart()
		database.err = errors.New("dial postgres://u:geheim@db/x: refused")
		lines.wait = time.Hour
		var told atomic.Value
		s, err := story.Collect(t.Context(), story.Config{
			Given: id, Backends: []story.Backend{database, traces, lines}, Timeout: 3 * time.Second,
			Progress: func(waiting []string) { told.Store(strings.Join(waiting, ",")) },
		})
		if err != nil {
			t.Fatal(err)
		}
		text := textOf(t, s)
		wantAll(t, text, "It arrived, by the word of the consumer", "could not be asked: dial postgres://u:***@db/x: refused", "no answer within 3s", "No database could be asked")
		if len(lines.looks) != 1 || len(database.looks) != 1 {
			t.Errorf("who is away was asked %d and %d times, want once", len(lines.looks), len(database.looks))
		}
		if told.Load() != "CloudWatch Logs" {
			t.Errorf("progress told of %v, want who is waited for", told.Load())
		}
	})
}

func TestCollect_NobodyHasIt_NothingOrUnreachable(t *testing.T) {
	for name, tt := range map[string]struct {
		second *fake
		want   error
	}{
		"nothing":     {&fake{holds: story.HoldsRows}, story.ErrNothing},
		"unreachable": {&fake{holds: story.HoldsRows, err: errors.New("away")}, story.ErrUnreachable},
		"spans alone": {&fake{holds: story.HoldsSpans}, story.ErrUnreachable}, // they do not tell of events
	} {
		s, err := story.Collect(t.Context(), story.Config{Given: "order-1", Backends: []story.Backend{&fake{name: "a", holds: story.HoldsRows, err: errors.New("away")}, tt.second}})
		if !errors.Is(err, tt.want) || s == nil {
			t.Errorf("%s: %v and story %v, want %v", name, err, s, tt.want)
		}
	}
}

func TestCollect_IDOfTwoSources_ListsThem(t *testing.T) {
	other := row()
	other[0].Value, other[2].Value, other[4].Value = "/shop", "ffffffffffffffffffffffffffffffff", "sqs-9"
	b := &fake{name: "PostgreSQL", found: story.Found{Rows: []trace.Row{row(), other}}}
	_, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Backends: []story.Backend{b}})
	ambiguous, ok := errors.AsType[*story.AmbiguousError](err)
	if !ok || len(ambiguous.Events) != 2 || !strings.Contains(err.Error(), `"/orders/intake", "/shop"`) {
		t.Fatalf("error %v, want both sources", err)
	}
	s, err := story.Collect(t.Context(), story.Config{Given: "order-4711", Source: "/shop", Backends: []story.Backend{b}})
	if err != nil || s.TraceID != "ffffffffffffffffffffffffffffffff" {
		t.Errorf("with the source: %v", err)
	}
}

// Who leaves a mark is asked only if nobody else knows where the event is, and
// what it tells leads on.
func TestCollect_Intrusive_AskedLastAndOnlyIfNeeded(t *testing.T) {
	database, traces, _ := apart()
	dead := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{letter()}}}}
	s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{dead, database, traces}})
	if err != nil || len(dead.looks) != 0 {
		t.Fatalf("it was asked %d times though the row is there, %v", len(dead.looks), err)
	}
	wantAll(t, textOf(t, s), "not asked: it is known where the event is, and a look is counted")

	database.found.Rows = nil
	s, err = story.Collect(t.Context(), story.Config{Given: "order-4711", Backends: []story.Backend{dead, database, traces}})
	if err != nil || len(dead.looks) == 0 {
		t.Fatalf("it was asked %d times, %v", len(dead.looks), err)
	}
	if s.TraceID != id || len(s.Spans) == 0 {
		t.Errorf("the letter did not lead to the trace: %q with %d spans", s.TraceID, len(s.Spans))
	}
}

// Of a batch one event's row does not tell where the others are.
func TestCollect_BatchWithOneRow_LettersAreAskedFor(t *testing.T) {
	second := send()
	second.SpanID, second.Attributes = "00000000000000b2", map[string]any{"messaging.message.id": "sns-2"}
	dead := letter()
	dead.MessageID, dead.SpanID, dead.EventID = "sqs-2", second.SpanID, "order-4712"
	for name, tt := range map[string]struct {
		given string
		spans []trace.Span
		looks bool
	}{
		"trace of two": {id, append(arrived(), second), true},
		"trace of one": {id, arrived(), false},
		"the written":  {"order-4711", append(arrived(), second), false},
		"no row":       {id, arrived()[:4], true},
	} {
		database, traces, _ := apart()
		traces.found.Spans = tt.spans
		if name == "no row" {
			database.found.Rows = nil
		}
		letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{dead}}}}
		if _, err := story.Collect(t.Context(), story.Config{Given: tt.given, Backends: []story.Backend{database, traces, letters}}); err != nil || len(letters.looks) > 0 != tt.looks {
			t.Errorf("%s: letters were looked at %d times, want %t; %v", name, len(letters.looks), tt.looks, err)
		}
	}
}

func TestCollect_InvocationsTrace_IsNoEvents(t *testing.T) {
	b := &fake{name: "Tempo", holds: story.HoldsSpans, found: story.Found{Spans: []trace.Span{invocation()}}}
	s, err := story.Collect(t.Context(), story.Config{Given: invocationTrace, Backends: []story.Backend{b}})
	if !errors.Is(err, story.ErrNoEvent) || len(s.Missing) > 0 {
		t.Fatalf("%v, missing %v", err, s.Missing)
	}
	wantAll(t, textOf(t, s), "an invocation of dev-orders-ledger", "It links to the trace "+id)
}

// The load balancer's spans of the messages' traces do not make a request of
// the invocation.
func TestCollect_InvocationsTraceWithTheLoadBalancersSpans_IsNoEvents(t *testing.T) {
	b := &fake{name: "up", holds: story.HoldsSpans | story.HoldsLogs | story.HoldsMessages, found: story.Found{Spans: arrived()}}
	s, err := story.Collect(t.Context(), story.Config{Given: invocationTrace, Backends: []story.Backend{b}, Expect: story.Expect{ALBSpans: true}})
	if !errors.Is(err, story.ErrNoEvent) || len(s.Missing) > 0 || s.Hops[0].Seen {
		t.Fatalf("%v, missing %v, load balancer %+v", err, s.Missing, s.Hops[0])
	}
	wantAll(t, textOf(t, s), "an invocation of dev-orders-ledger", "It links to the trace "+id)
}

// A client that brings a trace of its own has the load balancer's span in
// another one: each of the two ids leads to the client's, sampled or not.
func TestCollect_ClientsOwnTrace_LoadBalancersIDLeadsToIt(t *testing.T) {
	const root = "6b07f5417862425d4f9ff7fcce0cb557"
	alb, r := balancer(), row()
	alb.TraceID, r = root, append(r, trace.Column{Name: "alb_root", Value: "1-6b07f541-7862425d4f9ff7fcce0cb557"})
	spans := arrived()[1:]
	spans[0].ParentSpanID = "00000000000000ff" // the client's
	for name, own := range map[string][]trace.Span{"sampled": spans, "not sampled": nil} {
		for _, given := range []string{id, "1-6b07f541-7862425d4f9ff7fcce0cb557", "order-4711"} {
			b := &byRoot{fake{name: "everything", holds: story.HoldsSpans | story.HoldsRows, found: story.Found{Spans: append([]trace.Span{alb}, own...), Rows: []trace.Row{r}}}, root}
			s, err := story.Collect(t.Context(), story.Config{Given: given, Backends: []story.Backend{b}})
			if err != nil || s.TraceID != id || !s.Hops[0].Seen || !slices.ContainsFunc(s.Linked, func(l trace.Span) bool { return l.TraceID == root }) {
				t.Errorf("%s, %s: trace %s, load balancer %+v, linked %+v, %v", name, given, s.TraceID, s.Hops[0], s.Linked, err)
				continue
			}
			if len(s.Missing) > 0 || own != nil && len(s.Notes) > 0 {
				t.Errorf("%s, %s: missing %v, notes %q", name, given, s.Missing, s.Notes)
			}
		}
	}
}

// byRoot finds the row by the load balancer's id, too.
type byRoot struct {
	fake

	root string
}

func (b *byRoot) Look(ctx context.Context, c story.Clues) (story.Found, error) {
	found, err := b.fake.Look(ctx, c)
	if slices.Contains(c.TraceIDs, b.root) {
		found.Rows = b.found.Rows
	}
	return found, err
}

// An event's id can look like a trace's or a message's: what is found decides.
func TestCollect_EventIDThatLooksLikeAnother_IsTheEvents(t *testing.T) {
	for _, eventID := range []string{"0123456789abcdef0123456789abcdef", "01a216f8-d096-7254-aa8a-2d57b1cdd3b1"} {
		database, traces, _ := apart()
		database.found.Rows[0][1].Value = eventID
		s, err := story.Collect(t.Context(), story.Config{Given: eventID, Backends: []story.Backend{database, traces}})
		if err != nil || s.As != story.KindEvent || s.TraceID != id || !s.Verdict.Arrived || len(s.Notes) > 0 {
			t.Errorf("%s: taken for %s in trace %s, %v; notes %q", eventID, s.As, s.TraceID, err, s.Notes)
		}
	}
}
