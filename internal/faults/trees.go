//go:build unix

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// checkRowTrace follows the way from a row to the client that sent the event.
func (a *account) checkRowTrace(e *entry, r row, t terms) error {
	if e.traces[r.traceID] == nil {
		return fmt.Errorf("the row's trace is %q, the client's is %s", r.traceID, strings.Join(slices.Sorted(maps.Keys(e.traces)), " or "))
	}
	if len(r.spanID) != len("00f067aa0ba902b7") {
		return fmt.Errorf("the row's span is %q: no span id", r.spanID)
	}
	tree, spansMayMiss := newTree(a.spans(r.traceID)), t.spansMayMiss || t.cutOff[r.traceID] || t.killed.at(r.acceptedAt)
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
		a.checkAround(tree, process),
		tree.checkGaps(e, r.traceID),
		tree.checkTimes(process),
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
			return errors.Join(tree.checkUp(e, s), a.checkAround(tree, s), tree.checkGaps(e, traceID), tree.checkTimes(s))
		}
	}
	return fmt.Errorf("no span of trace %s processed the message that %s sent", traceID, producer)
}

const (
	kindServer   = "SERVER"
	kindProducer = "PRODUCER"
	kindConsumer = "CONSUMER"
	kindClient   = "CLIENT"
	kindInternal = "INTERNAL"
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

// checkAround wants what belongs to the processing of a message besides its own
// parent: the wait before it, and links from and to a Lambda invocation.
func (a *account) checkAround(t tree, process trace.Span) error {
	var linked []trace.Span
	for _, link := range process.Links {
		linked = append(linked, a.spans(link.TraceID)...)
	}
	return errors.Join(
		localpipeline.CheckWait(process, slices.Collect(maps.Values(t.spans))),
		localpipeline.CheckLinks(process, linked),
	)
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

// skewSlack is by how much what a span says of clocks may differ from what is
// seen: the message was under way for a while.
const skewSlack = 30 * time.Second

// checkTimes wants time to run forwards: no span ends before it begins, or
// begins before its parent. Only where clocks differ one may seem to begin
// before its parent in another program: then the processing of the message says
// by how much its clock is behind.
func (t tree) checkTimes(process trace.Span) error {
	milliseconds, marked := process.Attributes[string(semconv.ClockSkewKey)].(float64)
	skew := time.Duration(milliseconds * float64(time.Millisecond))
	for _, s := range t.spans {
		if s.End.Before(s.Start) {
			return fmt.Errorf("span %s (%s) ends %v before it begins", s.SpanID, s.Name, s.Start.Sub(s.End))
		}
		parent, ok := t.spans[s.ParentSpanID]
		early := parent.Start.Sub(s.Start)
		if !ok || early <= 0 || marked && parent.Service != s.Service && early <= skew+skewSlack {
			continue
		}
		return fmt.Errorf("span %s (%s) begins %v before its parent (%s), and that the clock is behind is said by %v", s.SpanID, s.Name, early, parent.Name, skew)
	}
	return nil
}
