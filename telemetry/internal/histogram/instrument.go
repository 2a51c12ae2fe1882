package histogram

import (
	"context"

	"go.opentelemetry.io/otel/metric"
)

// instrument is a histogram of ours.
type instrument struct {
	metric.Float64Histogram // the SDK's, for what we do not know

	aggregate *aggregate
}

// Record implements metric.Float64Histogram.
func (i *instrument) Record(ctx context.Context, value float64, options ...metric.RecordOption) {
	if unknown(options) {
		i.Float64Histogram.Record(ctx, value, options...)
		return
	}
	c := metric.NewRecordConfig(options)
	a, set := i.aggregate, c.Attributes()
	offered := a.filter(ctx)
	bucket := a.bucket(value)
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.point(&set); p != nil {
		p.add(ctx, bucket, value, offered)
		return
	}
	i.Float64Histogram.Record(ctx, value, options...)
}

// Record records n values with the same options, each in a context of its own.
// Where h is of this package, that is much faster than one after the other. A
// value that is not ok is left out.
func Record(h metric.Float64Histogram, n int, at func(i int) (ctx context.Context, value float64, ok bool), options ...metric.RecordOption) {
	own, _ := h.(*instrument)
	if own == nil || unknown(options) || !own.aggregate.addAll(n, at, metric.NewRecordConfig(options)) {
		for i := range n {
			if ctx, value, ok := at(i); ok {
				h.Record(ctx, value, options...)
			}
		}
	}
}

// addAll reports whether the attributes are such as we have.
func (a *aggregate) addAll(n int, at func(i int) (context.Context, float64, bool), c metric.RecordConfig) bool {
	set := c.Attributes()
	if nested(&set) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var p *point // none where no value is ok
	for i := range n {
		ctx, value, ok := at(i)
		if !ok {
			continue
		}
		if p == nil {
			p = a.point(&set)
		}
		p.add(ctx, a.bucket(value), value, a.filter(ctx))
	}
	return true
}

// unknown reports whether options have attributes that only the SDK knows how
// to get at.
func unknown(options []metric.RecordOption) bool {
	for _, o := range options {
		if _, ok := o.(interface{ Experimental() }); ok {
			return true
		}
	}
	return false
}
