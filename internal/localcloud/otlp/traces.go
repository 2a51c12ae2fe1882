package otlp

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	coltrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// traces are the spans of the latest traces. A span in it never changes, so
// that slices of them can be handed out.
type traces struct {
	c Config

	mu      sync.Mutex
	byID    map[string]*kept
	order   []*kept // by arrival of the first span
	bytes   int
	changed chan struct{} // closed at every change and made anew
}

type kept struct {
	id    string
	first time.Time
	spans []trace.Span
	seen  map[string]struct{} // span ids
	bytes int
}

func newTraces(c Config) *traces {
	return &traces{c: c, byID: map[string]*kept{}, changed: make(chan struct{})}
}

// add keeps the spans of a request. A span that came before, as after an
// export that was tried again, counts as taken.
func (t *traces) add(request *coltrace.ExportTraceServiceRequest) (taken, rejected int64) {
	var spans []trace.Span
	var sizes []int
	for _, rs := range request.GetResourceSpans() {
		resource := attributes(rs.GetResource().GetAttributes())
		service, _ := resource["service.name"].(string)
		shared := sizeOfMap(resource) // counted once for all spans that share it
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				if !validID(s.GetTraceId(), 16) || !validID(s.GetSpanId(), 8) {
					rejected++
					continue
				}
				converted := span(s, service, resource)
				spans, sizes = append(spans, converted), append(sizes, sizeOfSpan(converted)+shared)
				shared = 0
			}
		}
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	for i, s := range spans {
		if t.addSpan(s, sizes[i]) {
			taken++
		} else {
			rejected++
		}
	}
	if taken > 0 {
		close(t.changed)
		t.changed = make(chan struct{})
	}
	return taken, rejected
}

// addSpan keeps one span and lets old traces go until it fits.
func (t *traces) addSpan(s trace.Span, size int) bool {
	k := t.byID[s.TraceID]
	if k == nil {
		k = &kept{id: s.TraceID, first: t.c.Now(), seen: map[string]struct{}{}}
	}
	if _, again := k.seen[s.SpanID]; again {
		return true
	}
	if len(k.spans) >= t.c.MaxSpansPerTrace || k.bytes+size > t.c.MaxBytes {
		return false
	}
	if len(k.spans) == 0 {
		t.byID[k.id] = k
		t.order = append(t.order, k)
	}
	k.spans = append(k.spans, s)
	k.seen[s.SpanID] = struct{}{}
	k.bytes += size
	t.bytes += size
	for len(t.order) > t.c.MaxTraces || t.bytes > t.c.MaxBytes {
		t.evict(k)
	}
	return true
}

// evict lets the oldest trace go that is not the one just written to.
func (t *traces) evict(current *kept) {
	i := 0
	if t.order[0] == current && len(t.order) > 1 {
		i = 1
	}
	old := t.order[i]
	t.bytes -= old.bytes
	delete(t.byID, old.id)
	copy(t.order[1:i+1], t.order[:i])
	t.order[0] = nil
	t.order = t.order[1:]
}

// Spans returns the spans that were received of a trace, in the order they
// came. They are shared: nobody may change them.
func (r *Receiver) Spans(traceID string) []trace.Span {
	r.traces.mu.Lock()
	defer r.traces.mu.Unlock()
	return r.traces.snapshot(traceID)
}

func (t *traces) snapshot(id string) []trace.Span {
	k := t.byID[id]
	if k == nil {
		return nil
	}
	return slices.Clip(k.spans)
}

// Latest returns at most n traces, the one that began to come in last first.
func (r *Receiver) Latest(n int) []*trace.Trace {
	type found struct {
		id    string
		spans []trace.Span
	}
	var list []found
	t := r.traces
	t.mu.Lock()
	for i := len(t.order) - 1; i >= 0 && len(list) < n; i-- {
		list = append(list, found{t.order[i].id, t.snapshot(t.order[i].id)})
	}
	t.mu.Unlock()

	out := make([]*trace.Trace, len(list))
	for i, f := range list {
		out[i] = trace.New(f.id, f.spans)
	}
	return out
}

// Linked returns the spans of other traces that a trace's spans link to, as
// far as they were received, each once.
func (r *Receiver) Linked(traceID string) []trace.Span {
	t := r.traces
	t.mu.Lock()
	defer t.mu.Unlock()
	type id struct{ trace, span string }
	done := map[id]bool{}
	var out []trace.Span
	for _, s := range t.snapshot(traceID) {
		for _, l := range s.Links {
			if l.TraceID == traceID || done[id{l.TraceID, l.SpanID}] {
				continue
			}
			done[id{l.TraceID, l.SpanID}] = true
			if i := slices.IndexFunc(t.snapshot(l.TraceID), func(s trace.Span) bool { return s.SpanID == l.SpanID }); i >= 0 {
				out = append(out, t.snapshot(l.TraceID)[i])
			}
		}
	}
	return out
}

// Wait returns the spans of a trace as soon as enough says that they are all
// there. It is called with the spans so far, also with none, whenever some
// came in. When ctx ends, the spans so far are returned with an error.
func (r *Receiver) Wait(ctx context.Context, traceID string, enough func([]trace.Span) bool) ([]trace.Span, error) {
	for {
		r.traces.mu.Lock()
		spans, changed := r.traces.snapshot(traceID), r.traces.changed
		r.traces.mu.Unlock()
		if enough(spans) {
			return spans, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return spans, fmt.Errorf("otlp: %d spans of trace %s came: %w", len(spans), traceID, context.Cause(ctx))
		}
	}
}

// Changed returns a channel that is closed when spans come in. Take it before
// reading, so that nothing is missed in between.
func (r *Receiver) Changed() <-chan struct{} {
	r.traces.mu.Lock()
	defer r.traces.mu.Unlock()
	return r.traces.changed
}
