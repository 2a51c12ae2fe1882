package histogram

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// point is what was measured with one set of attributes.
type point struct {
	attributes  attribute.Set
	counts      []uint64
	sum         sum
	measured    bool // least and most are there
	least, most float64
	kept        []kept // one for each bucket, once there is one
}

// sum is kept in two parts, as by the SDK, so that whole numbers lose nothing.
type sum struct {
	whole int64
	rest  float64
}

func (s *sum) add(value float64) {
	if whole := int64(value); float64(whole) == value {
		s.whole += whole
		return
	}
	s.rest += value
}

func (s *sum) value() float64 { return s.rest + float64(s.whole) }

// kept is the exemplar of a bucket: one of its values, as good as any.
type kept struct {
	offered uint64 // since the last collection
	value   float64
	at      time.Time // zero for none
	of      trace.SpanContext
}

func newPoint(set attribute.Set, buckets int) *point {
	return &point{attributes: set, counts: make([]uint64, buckets)}
}

// add is called with the aggregate's lock held.
func (p *point) add(ctx context.Context, bucket int, value float64, offered bool) {
	p.counts[bucket]++
	p.sum.add(value)
	if !p.measured { // nothing is less or more than what is not a number
		p.measured, p.least, p.most = true, value, value
	}
	if value < p.least {
		p.least = value
	}
	if value > p.most {
		p.most = value
	}
	if !offered {
		return
	}
	if p.kept == nil {
		p.kept = make([]kept, len(p.counts))
	}
	k := &p.kept[bucket]
	k.offered++
	if k.offered == 1 || rand.Uint64N(k.offered) == 0 { //nolint:gosec // it chooses an example
		k.value, k.at, k.of = value, time.Now(), trace.SpanContextFromContext(ctx)
	}
}

// data is the point as it is exported. Exemplars stay until there are better
// ones, as with the SDK.
func (p *point) data(bounds []float64, start, now time.Time) metricdata.HistogramDataPoint[float64] {
	d := metricdata.HistogramDataPoint[float64]{
		Attributes: p.attributes, StartTime: start, Time: now,
		Bounds: slices.Clone(bounds), BucketCounts: slices.Clone(p.counts), Sum: p.sum.value(),
		Min: metricdata.NewExtrema(p.least), Max: metricdata.NewExtrema(p.most),
	}
	p.sum = sum{}
	p.sum.add(d.Sum) // so does the SDK
	for _, n := range p.counts {
		d.Count += n
	}
	for i := range p.kept {
		k := &p.kept[i]
		k.offered = 0
		if k.at.IsZero() {
			continue
		}
		e := metricdata.Exemplar[float64]{Time: k.at, Value: k.value}
		if id := k.of.TraceID(); id.IsValid() {
			e.TraceID = id[:]
		}
		if id := k.of.SpanID(); id.IsValid() {
			e.SpanID = id[:]
		}
		d.Exemplars = append(d.Exemplars, e)
	}
	return d
}
