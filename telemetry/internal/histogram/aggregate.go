package histogram

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// limit is how many sets of attributes an instrument tells apart, as with the
// SDK ("cardinality limits" in the metrics SDK's specification). The last one
// is for all further ones.
const limit = 2000

var overflow = attribute.NewSet(attribute.Bool("otel.metric.overflow", true))

// aggregate is what one instrument has measured.
type aggregate struct {
	instrument  sdkmetric.Instrument
	bounds      []float64 // sorted
	temporality metricdata.Temporality
	filter      exemplar.Filter

	mu     sync.Mutex
	start  time.Time
	points map[attribute.Distinct]*point
}

func newAggregate(i *sdkmetric.Instrument, bounds []float64, c *Config) *aggregate {
	bounds = slices.Clone(bounds)
	slices.Sort(bounds)
	return &aggregate{
		instrument: *i, bounds: bounds, temporality: c.Temporality, filter: c.Filter,
		start: time.Now(), points: map[attribute.Distinct]*point{},
	}
}

// bucket is the first one whose bound is not below the value.
func (a *aggregate) bucket(value float64) int {
	from, to := 0, len(a.bounds)
	for from < to {
		if mid := (from + to) / 2; a.bounds[mid] >= value {
			to = mid
		} else {
			from = mid + 1
		}
	}
	return from
}

// point is called with the lock held.
func (a *aggregate) point(set *attribute.Set) *point {
	key := set.Equivalent()
	if p, known := a.points[key]; known {
		return p
	}
	if nested(set) {
		one := single(set)
		if set, key = &one, one.Equivalent(); a.points[key] != nil {
			return a.points[key]
		}
	}
	if p := a.points[overflow.Equivalent()]; p != nil {
		return p
	}
	if len(a.points) >= limit-1 {
		set, key = &overflow, overflow.Equivalent()
	}
	p := newPoint(*set, len(a.bounds)+1)
	a.points[key] = p
	return p
}

// collect returns the points since the start, and starts anew if each
// collection is to have its own.
func (a *aggregate) collect(now time.Time) metricdata.Histogram[float64] {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := metricdata.Histogram[float64]{Temporality: a.temporality}
	for _, p := range a.points {
		h.DataPoints = append(h.DataPoints, p.data(a.bounds, a.start, now))
	}
	if a.temporality == metricdata.DeltaTemporality {
		a.start, a.points = now, make(map[attribute.Distinct]*point, len(a.points))
	}
	return h
}

// Collect adds to what the SDK has collected.
func (p *Provider) Collect(rm *metricdata.ResourceMetrics) {
	p.mu.Lock()
	all := p.order
	p.mu.Unlock()
	now := time.Now()
	for _, a := range all {
		if h := a.collect(now); len(h.DataPoints) > 0 {
			add(rm, &a.instrument, h)
		}
	}
}

func add(rm *metricdata.ResourceMetrics, i *sdkmetric.Instrument, h metricdata.Histogram[float64]) {
	at := slices.IndexFunc(rm.ScopeMetrics, func(sm metricdata.ScopeMetrics) bool { return sm.Scope == i.Scope })
	if at < 0 {
		at = len(rm.ScopeMetrics)
		rm.ScopeMetrics = append(rm.ScopeMetrics, metricdata.ScopeMetrics{Scope: i.Scope})
	}
	sm := &rm.ScopeMetrics[at]
	sm.Metrics = append(sm.Metrics, metricdata.Metrics{Name: i.Name, Description: i.Description, Unit: i.Unit, Data: h})
}
