package histogram

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// instrument is a histogram of ours.
type instrument struct {
	metric.Float64Histogram // the SDK's, which knows whether it is enabled

	aggregate *aggregate
}

// Record implements metric.Float64Histogram.
func (i *instrument) Record(ctx context.Context, value float64, options ...metric.RecordOption) {
	a, set := i.aggregate, attributesOf(options)
	offered := a.filter(ctx)
	bucket := a.bucket(value)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.point(&set).add(ctx, bucket, value, offered)
}

// Record records n values with the same options, each in a context of its own.
// Where h is of this package, that is much faster than one after the other. A
// value that is not ok is left out.
func Record(h metric.Float64Histogram, n int, at func(i int) (ctx context.Context, value float64, ok bool), options ...metric.RecordOption) {
	if own, ok := h.(*instrument); ok {
		set := attributesOf(options)
		own.aggregate.addAll(&set, n, at)
		return
	}
	for i := range n {
		if ctx, value, ok := at(i); ok {
			h.Record(ctx, value, options...)
		}
	}
}

// measured is a value with what is found out without the lock.
type measured struct {
	ctx     context.Context //nolint:containedctx // it is the value's
	value   float64
	bucket  int
	offered bool // as an exemplar
}

// addAll adds some values at a time: neither at nor the filter, which are
// others' and may record, too, is called with the lock held.
func (a *aggregate) addAll(set *attribute.Set, n int, at func(i int) (context.Context, float64, bool)) {
	var some [32]measured
	for i := 0; i < n; {
		ready := some[:0]
		for ; i < n && len(ready) < len(some); i++ {
			if ctx, value, ok := at(i); ok {
				ready = append(ready, measured{ctx, value, a.bucket(value), a.filter(ctx)})
			}
		}
		if len(ready) > 0 {
			a.addSome(set, ready)
		}
	}
}

func (a *aggregate) addSome(set *attribute.Set, ready []measured) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.point(set)
	for i := range ready {
		m := &ready[i]
		p.add(m.ctx, m.bucket, m.value, m.offered)
	}
}
