package recorded

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Recording is what CloudWatch has of some metrics, over some time. It is safe for
// concurrent use.
type Recording struct {
	region     string // "" for one that is not known
	start, end time.Time
	history    *simulator.History // nil for a recording of answers
	metrics    []*metric
	named      map[name][]*metric

	mu    sync.Mutex
	known map[question]answered
}

// name is what CloudWatch knows a metric by, beside its dimensions.
type name struct{ namespace, metric string }

// metric is a metric that was recorded, with or without datapoints.
type metric struct {
	name
	dimensions map[string]string
	samples    signal.Metric   // as it is called in the history
	kept       map[string]kept // of a recording of answers, by statistic
	traits     func() traits
}

// question is what is asked of a metric, answered what came of it.
type (
	question struct {
		metric    *metric
		statistic string
		period    time.Duration
	}
	answered struct {
		series series
		err    error
	}
)

// series is a value for each period that begins before the recording's end, the
// first at its start or before. NaN is no value. Periods are counted from 1970.
type series struct {
	period time.Duration
	values []float64
}

// New makes a recording of what signals got. A metric that is in the history and
// among no signals is not part of it. inputs are the values that AWS chose, for
// dimensions that have one. region is where the metrics are; with "", queries to any
// region are answered.
func New(region string, h *simulator.History, signals []signal.Signal, inputs map[signal.Input]string) (*Recording, error) {
	r := newRecording(region, h.Start(), h.Start().Add(time.Duration(h.Minutes())*time.Minute))
	r.history = h
	var errs []error
	seen := map[string]bool{}
	for _, s := range signals {
		if seen[s.Metric.Key()] {
			continue
		}
		seen[s.Metric.Key()] = true
		m := &metric{name: name{s.Metric.Namespace, s.Metric.Name}, dimensions: map[string]string{}, samples: s.Metric}
		m.traits = sync.OnceValue(func() traits { return traitsOf(h, m.samples) })
		for _, d := range s.Metric.Dimensions {
			m.dimensions[d.Name] = d.Value
			if d.Input == "" {
				continue
			}
			if m.dimensions[d.Name] = inputs[d.Input]; inputs[d.Input] == "" {
				errs = append(errs, fmt.Errorf("signal %s: the dimension %s is the input %s, which has no value", s.ID, d.Name, d.Input))
			}
		}
		r.add(m)
	}
	return r, errors.Join(errs...)
}

func newRecording(region string, start, end time.Time) *Recording {
	return &Recording{region: region, start: start, end: end, named: map[name][]*metric{}, known: map[question]answered{}}
}

func (r *Recording) add(m *metric) {
	r.metrics = append(r.metrics, m)
	r.named[m.name] = append(r.named[m.name], m)
}

// grid is when the first period begins, and how many there are.
func (r *Recording) grid(period time.Duration) (from time.Time, count int) {
	seconds := int64(period / time.Second)
	before := ((r.start.Unix() % seconds) + seconds) % seconds
	from = r.start.Add(-time.Duration(before) * time.Second)
	return from, int((r.end.Sub(from) + period - 1) / period)
}

// ask reads a metric. A statistic that cannot be read, or that says nothing, is an
// error; no datapoints are none.
func (r *Recording) ask(m *metric, statistic string, period time.Duration) (series, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := question{m, statistic, period}
	a, ok := r.known[q]
	if !ok {
		a.series, a.err = r.answer(q)
		r.known[q] = a
	}
	return a.series, a.err
}

func (r *Recording) answer(q question) (series, error) {
	if r.history == nil {
		return r.fromAnswers(q)
	}
	_, values, err := r.history.Summary(q.metric.samples, q.statistic, q.period)
	if err != nil {
		return series{period: q.period}, err
	}
	return series{q.period, values}, q.metric.traits().check(q.metric, q.statistic)
}

// points is how many datapoints the series has.
func (s series) points() int {
	n := 0
	for _, x := range s.values {
		if !math.IsNaN(x) {
			n++
		}
	}
	return n
}

// String is the metric as messages name it.
func (m *metric) String() string { return m.namespace + " " + m.metric + described(m.dimensions) }

// described writes dimensions, by name.
func described(dimensions map[string]string) string {
	var parts []string
	for _, d := range slices.Sorted(maps.Keys(dimensions)) {
		parts = append(parts, d+"="+dimensions[d])
	}
	if len(parts) == 0 {
		return ""
	}
	return " {" + strings.Join(parts, ", ") + "}"
}
