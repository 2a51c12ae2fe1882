package otlp

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"time"

	colmetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
)

// Metric is the present state of one time series. Series with delta
// temporality are added up, so that a value is always since the start.
type Metric struct {
	Name       string         `json:"name"`
	Unit       string         `json:"unit"`
	Kind       string         `json:"kind"` // gauge, sum, histogram
	Service    string         `json:"service"`
	Attributes map[string]any `json:"attributes"`
	Time       time.Time      `json:"time"`
	Value      float64        `json:"value"` // of a gauge or sum; the sum of a histogram's values
	Count      uint64         `json:"count,omitempty"`
	Bounds     []float64      `json:"bounds,omitempty"`  // upper bounds of a histogram's buckets but the last
	Buckets    []uint64       `json:"buckets,omitempty"` // one more than bounds
}

// metrics are the latest series. Exponential histograms and summaries count as
// series without buckets: count and sum.
type metrics struct {
	c Config

	mu     sync.Mutex
	series map[string]*Metric
	bytes  int
}

func newMetrics(c Config) *metrics { return &metrics{c: c, series: map[string]*Metric{}} }

// point is one data point and whether it is to be added to what is there.
type point struct {
	Metric
	delta bool
}

func (m *metrics) add(request *colmetrics.ExportMetricsServiceRequest) (taken, rejected int64) {
	var points []point
	for _, rm := range request.GetResourceMetrics() {
		service, _ := attributes(rm.GetResource().GetAttributes())["service.name"].(string)
		for _, sm := range rm.GetScopeMetrics() {
			for _, metric := range sm.GetMetrics() {
				points = append(points, pointsOf(metric, service)...)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range points {
		if m.addPoint(p) {
			taken++
		} else {
			rejected++
		}
	}
	return taken, rejected
}

func (m *metrics) addPoint(p point) bool {
	// json.Marshal orders a map's keys.
	key, err := json.Marshal([]any{p.Service, p.Name, p.Kind, p.Attributes})
	if err != nil {
		return false
	}
	size := 2*len(key) + sizeOfMap(p.Attributes) + 8*(len(p.Bounds)+len(p.Buckets)) + spanSize
	old := m.series[string(key)]
	switch {
	case old != nil && len(p.Buckets)+len(p.Bounds) > len(old.Buckets)+len(old.Bounds):
		return false // a series keeps its buckets; one that adds some could grow past the bound
	case old == nil && (len(m.series) >= m.c.MaxMetrics || m.bytes+size > m.c.MaxBytes):
		return false
	case old == nil:
		m.bytes += size
	case p.delta:
		p.Value += old.Value
		p.Count += old.Count
		if slices.Equal(p.Bounds, old.Bounds) && len(p.Buckets) == len(old.Buckets) {
			for i, n := range old.Buckets {
				p.Buckets[i] += n
			}
		}
	}
	m.series[string(key)] = &p.Metric
	return true
}

func pointsOf(metric *metricspb.Metric, service string) []point {
	var out []point
	add := func(kind string, at uint64, attrs []*common.KeyValue, delta bool) *point {
		out = append(out, point{delta: delta, Metric: Metric{
			Name: metric.GetName(), Unit: metric.GetUnit(), Kind: kind, Service: service,
			Attributes: attributes(attrs), Time: unixNano(at),
		}})
		return &out[len(out)-1]
	}
	delta := func(t metricspb.AggregationTemporality) bool {
		return t == metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	}
	for _, p := range metric.GetGauge().GetDataPoints() {
		add("gauge", p.GetTimeUnixNano(), p.GetAttributes(), false).Value = number(p)
	}
	for _, p := range metric.GetSum().GetDataPoints() {
		add("sum", p.GetTimeUnixNano(), p.GetAttributes(), delta(metric.GetSum().GetAggregationTemporality())).Value = number(p)
	}
	for _, p := range metric.GetHistogram().GetDataPoints() {
		h := add("histogram", p.GetTimeUnixNano(), p.GetAttributes(), delta(metric.GetHistogram().GetAggregationTemporality()))
		h.Value, h.Count = finite(p.GetSum()), p.GetCount()
		h.Bounds, h.Buckets = p.GetExplicitBounds(), p.GetBucketCounts()
	}
	for _, p := range metric.GetExponentialHistogram().GetDataPoints() {
		h := add("histogram", p.GetTimeUnixNano(), p.GetAttributes(), delta(metric.GetExponentialHistogram().GetAggregationTemporality()))
		h.Value, h.Count = finite(p.GetSum()), p.GetCount()
	}
	for _, p := range metric.GetSummary().GetDataPoints() {
		h := add("histogram", p.GetTimeUnixNano(), p.GetAttributes(), false)
		h.Value, h.Count = finite(p.GetSum()), p.GetCount()
	}
	return out
}

func number(p *metricspb.NumberDataPoint) float64 {
	if v, ok := p.GetValue().(*metricspb.NumberDataPoint_AsInt); ok {
		return float64(v.AsInt)
	}
	return finite(p.GetAsDouble())
}

// finite keeps out what JSON cannot say.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// Metrics returns the series that are kept, ordered by name and service.
func (r *Receiver) Metrics() []Metric {
	r.metrics.mu.Lock()
	defer r.metrics.mu.Unlock()
	out := make([]Metric, 0, len(r.metrics.series))
	for _, m := range r.metrics.series {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Service, b.Service), a.Time.Compare(b.Time))
	})
	return out
}
