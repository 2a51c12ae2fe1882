package message

import (
	"context"
	"maps"
	"slices"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// injectOne adds the context to the attributes of a single message.
func injectOne[V any](ctx context.Context, i *Injector, s *service[V], attrs map[string]V, otherBytes int) (map[string]V, error) {
	if len(attrs) > i.budget.Attributes {
		return nil, &TooManyAttributesError{Attributes: len(attrs), Limit: i.budget.Attributes}
	}
	l := new(load)
	i.collect(ctx, l)
	taken, set := survey(s, attrs)
	leaveToCaller(s, l, attrs, set)
	l.attributes = i.budget.Attributes - len(attrs)
	bytes := i.budget.Bytes - otherBytes - taken
	for p := range parts {
		l.fit(p, &bytes, i.propagator == nil)
	}
	report(ctx, i, s, l)
	return added(s, attrs, l, false), nil
}

// entry is a batch's entry of either service.
type entry[V any] struct {
	id         *string
	attributes *map[string]V
	otherBytes int
	structured bool // no attributes travel with it
}

// injectBatch adds contexts to a copy of entries, or to entries themselves if
// they may be written to. view gives access to an entry of either.
func injectBatch[E, V any](ctx context.Context, i *Injector, s *service[V], entries []E, view func(*E) entry[V]) ([]E, error) {
	if err := checkAttributes(i, entries, view); err != nil {
		return nil, err
	}
	parents, own, out := Entries(ctx), Own(ctx), entries
	if !own {
		out = slices.Clone(entries)
	}
	bytes := i.budget.Bytes
	loads := make([]load, len(out))
	for n := range out {
		e, parent := view(&out[n]), parentOf(ctx, parents, n)
		l := &loads[n]
		i.collect(parent, l)
		taken, set := survey(s, *e.attributes)
		bytes -= e.otherBytes + taken
		leaveToCaller(s, l, *e.attributes, set)
		if e.structured && l.len() > 0 {
			i.drop(parent, s.system, partContext, semconv.ReasonMessageStructure)
			l.drop()
		}
		l.attributes = i.budget.Attributes - len(*e.attributes)
	}
	// All trace contexts come before any tracestate, and these before any
	// baggage.
	for p := range parts {
		for n := range loads {
			loads[n].fit(p, &bytes, i.propagator == nil)
		}
	}
	for n := range loads {
		report(parentOf(ctx, parents, n), i, s, &loads[n])
		e := view(&out[n])
		*e.attributes = added(s, *e.attributes, &loads[n], own)
	}
	return out, nil
}

// parentOf is the context of the n-th entry: its own, or that of the call.
func parentOf(ctx context.Context, parents []context.Context, n int) context.Context {
	if n < len(parents) && parents[n] != nil {
		return parents[n]
	}
	return ctx
}

// checkAttributes refuses entries that are over budget without any context.
func checkAttributes[E, V any](i *Injector, entries []E, view func(*E) entry[V]) error {
	var refused *TooManyAttributesError
	for n := range entries {
		e := view(&entries[n])
		count := len(*e.attributes)
		if count <= i.budget.Attributes {
			continue
		}
		if refused == nil {
			refused = &TooManyAttributesError{Attributes: count, Limit: i.budget.Attributes}
		}
		id := ""
		if e.id != nil {
			id = *e.id
		}
		refused.EntryIDs = append(refused.EntryIDs, id)
	}
	if refused == nil {
		return nil // not the nil pointer in an interface
	}
	return refused
}

// leaveToCaller takes out of the load what the caller has set. Where the
// caller has set the trace context, it takes everything: our tracestate would
// not belong to that trace, and our baggage is the caller's to add. What is no
// trace context stays as well, but ours is given up for it.
func leaveToCaller[V any](s *service[V], l *load, attrs map[string]V, set [parts]bool) {
	for p := range set {
		if !set[p] || l.values[p] == "" {
			continue
		}
		if part(p) == partContext {
			if _, ok := remote.ParseTraceparent(s.read(traceparent, attrs[traceparent])); !ok {
				l.giveUp(malformedTraceparent, partContext, partBaggage)
			}
			l.drop()
			return
		}
		l.values[p] = ""
	}
	for _, f := range l.others {
		v, set := attrs[f.name]
		if !set {
			continue
		}
		if f.name == xray.HeaderName {
			if h, _ := xray.Parse(s.read(f.name, v)); !h.Root.IsValid() {
				l.giveUp(malformedTraceHeader, partContext, partBaggage)
			}
		}
		l.drop()
		return
	}
}

// survey returns what the caller's attributes take, and which of W3C's are
// among them.
func survey[V any](s *service[V], attrs map[string]V) (bytes int, set [parts]bool) {
	if len(attrs) == 0 {
		return 0, set // without the cost of an iterator
	}
	for name, v := range attrs {
		bytes += len(name) + s.size(v)
		switch name {
		case traceparent:
			set[partContext] = true
		case tracestate:
			set[partTracestate] = true
		case baggageName:
			set[partBaggage] = true
		}
	}
	return bytes, set
}

// report counts what was given up.
func report[V any](ctx context.Context, i *Injector, s *service[V], l *load) {
	for p, why := range l.gaveUp {
		if why != 0 {
			i.drop(ctx, s.system, part(p), reasonNames[why])
		}
	}
}

// added returns attrs with what is left of the load: a copy, unless attrs may
// be written to.
func added[V any](s *service[V], attrs map[string]V, l *load, own bool) map[string]V {
	n := l.len()
	if n == 0 {
		return attrs
	}
	out := attrs
	if !own || out == nil {
		out = make(map[string]V, len(attrs)+n)
		maps.Copy(out, attrs)
	}
	for p := range l.values {
		if l.values[p] != "" {
			out[attributeNames[p]] = s.text(&l.dataType, &l.values[p])
		}
	}
	for n := range l.others {
		out[l.others[n].name] = s.text(&l.dataType, &l.others[n].value)
	}
	return out
}
