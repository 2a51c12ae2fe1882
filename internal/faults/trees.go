//go:build unix

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// checkRowTrace follows the way from a row to the client that sent the event.
func (a *account) checkRowTrace(e *entry, r row, t terms) error {
	if e.traces[r.traceID] == nil {
		return fmt.Errorf("the row's trace is %q, the client's is %s", r.traceID, strings.Join(slices.Sorted(maps.Keys(e.traces)), " or "))
	}
	if len(r.spanID) != len("00f067aa0ba902b7") {
		return fmt.Errorf("the row's span is %q: no span id", r.spanID)
	}
	tree, spansMayMiss := newTree(a.spans(r.traceID)), t.spansMayMiss || t.cutOff[r.traceID]
	process, ok := tree.spans[r.spanID]
	switch {
	case !ok && spansMayMiss:
		return nil
	case !ok:
		return fmt.Errorf("the row's span %s is not among the %d spans of its trace %s", r.spanID, len(tree.spans), r.traceID)
	case process.Kind != kindConsumer:
		return fmt.Errorf("the row's span %s is %s %s, want that which processed the message", r.spanID, process.Kind, process.Name)
	case spansMayMiss:
		return nil
	}
	return errors.Join(
		tree.checkUp(e, process),
		tree.checkInsert(process, t.commitUnknown),
		a.checkInvocation(process),
		tree.checkGaps(e, r.traceID),
		tree.checkTimes(t.clocksDiffer),
	)
}

// checkLetterTrace follows the way from a dead letter to the client.
func (a *account) checkLetterTrace(e *entry, attributes map[string]string, t terms) error {
	part := strings.Split(attributes["traceparent"], "-")
	if len(part) != 4 {
		return fmt.Errorf("the dead letter's traceparent is %q", attributes["traceparent"])
	}
	traceID, producer := part[1], part[2]
	if e.traces[traceID] == nil {
		return fmt.Errorf("the dead letter's trace is %s, the client's is %s", traceID, strings.Join(slices.Sorted(maps.Keys(e.traces)), " or "))
	}
	if t.spansMayMiss || t.cutOff[traceID] {
		return nil
	}
	tree := newTree(a.spans(traceID))
	for _, s := range tree.spans {
		if s.Kind == kindConsumer && s.ParentSpanID == producer {
			return errors.Join(tree.checkUp(e, s), a.checkInvocation(s), tree.checkGaps(e, traceID), tree.checkTimes(t.clocksDiffer))
		}
	}
	return fmt.Errorf("no span of trace %s processed the message that %s sent", traceID, producer)
}

const (
	kindServer   = "SERVER"
	kindProducer = "PRODUCER"
	kindConsumer = "CONSUMER"
	kindClient   = "CLIENT"
)

// tree is the spans of one trace.
type tree struct{ spans map[string]trace.Span }

func newTree(spans []trace.Span) tree {
	t := tree{map[string]trace.Span{}}
	for _, s := range spans {
		t.spans[s.SpanID] = s
	}
	return t
}

// checkUp goes from the message's processing up to the client's span.
func (t tree) checkUp(e *entry, process trace.Span) error {
	if e.body != "" { // the client is itself the producer
		return fromClient(e, process)
	}
	sent, ok := t.spans[process.ParentSpanID]
	if !ok || sent.Kind != kindProducer {
		return fmt.Errorf("span %s (%s) does not hang from the sending to the topic", process.SpanID, process.Name)
	}
	request, ok := t.spans[sent.ParentSpanID]
	if !ok || request.Kind != kindServer {
		return fmt.Errorf("span %s (%s) does not hang from the service's request", sent.SpanID, sent.Name)
	}
	return fromClient(e, request)
}

func fromClient(e *entry, s trace.Span) error {
	if !slices.Contains(e.traces[s.TraceID], s.ParentSpanID) {
		return fmt.Errorf("span %s (%s) hangs from %q and not from the client's span", s.SpanID, s.Name, s.ParentSpanID)
	}
	return nil
}

// checkInsert wants an INSERT that worked beneath the processing. Where nobody
// may know of the commit, one that failed will do if another one worked.
func (t tree) checkInsert(process trace.Span, commitUnknown bool) error {
	failed, worked := false, false
	for _, s := range t.spans {
		if s.Kind != kindClient || !strings.HasPrefix(s.Name, "INSERT") {
			continue
		}
		switch own := s.ParentSpanID == process.SpanID; {
		case s.Status == "ERROR":
			failed = failed || own
		case own:
			return nil
		default:
			worked = true
		}
	}
	if commitUnknown && failed && worked {
		return nil
	}
	return fmt.Errorf("beneath span %s (%s) is no INSERT that worked", process.SpanID, process.Name)
}

// checkInvocation wants the processing linked to a Lambda invocation.
func (a *account) checkInvocation(process trace.Span) error {
	for _, link := range process.Links {
		for _, s := range a.spans(link.TraceID) {
			if s.SpanID == link.SpanID && s.Kind == kindServer {
				return nil
			}
		}
	}
	return fmt.Errorf("span %s (%s) has no link to an invocation", process.SpanID, process.Name)
}

// checkGaps wants every span's parent to be there.
func (t tree) checkGaps(e *entry, traceID string) error {
	for _, s := range t.spans {
		if _, ok := t.spans[s.ParentSpanID]; !ok && !slices.Contains(e.traces[traceID], s.ParentSpanID) {
			return fmt.Errorf("the parent %q of span %s (%s %s) is missing in trace %s", s.ParentSpanID, s.SpanID, s.Kind, s.Name, traceID)
		}
	}
	return nil
}

// checkTimes wants time to run forwards: whatever clocks say, no span begins
// before its parent or ends before it begins. Where clocks differ, parents in
// other processes do not count.
func (t tree) checkTimes(clocksDiffer bool) error {
	for _, s := range t.spans {
		if s.End.Before(s.Start) {
			return fmt.Errorf("span %s (%s) ends %v before it begins", s.SpanID, s.Name, s.Start.Sub(s.End))
		}
		parent, ok := t.spans[s.ParentSpanID]
		if clocksDiffer && parent.Service != s.Service {
			continue
		}
		if ok && s.Start.Before(parent.Start) {
			return fmt.Errorf("span %s (%s) begins %v before its parent (%s)", s.SpanID, s.Name, parent.Start.Sub(s.Start), parent.Name)
		}
	}
	return nil
}
