package recorded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Names of the files of a recording: metrics*.json, queries*.json and data*.json.
const (
	metricsPrefix = "metrics"
	queriesPrefix = "queries"
	dataPrefix    = "data"
)

// Limits of what is read. They keep a mistake from filling the memory.
const (
	maxFileBytes = 256 << 20
	maxRange     = 63 * 24 * time.Hour // as long as CloudWatch keeps datapoints of five minutes
)

// MetricDataQuery is what GetMetricData is asked for. (CloudWatch API reference.)
type MetricDataQuery struct {
	ID         string `json:"Id"`
	MetricStat MetricStat
}

// MetricStat is a statistic of a metric in a [MetricDataQuery].
type MetricStat struct {
	Metric Metric
	Period int // seconds
	Stat   string
}

// Metric is a metric as CloudWatch's API writes it.
type Metric struct {
	Namespace  string
	MetricName string
	Dimensions []Dimension
}

// Dimension is one of a [Metric].
type Dimension struct{ Name, Value string }

// dataJSON is an answer of GetMetricData.
type dataJSON struct {
	MetricDataResults []struct {
		ID         string `json:"Id"`
		Timestamps []time.Time
		Values     []float64
	}
}

// Read reads a recording from a directory. In it are answers as the AWS CLI prints
// them:
//
//	metrics*.json  of aws cloudwatch list-metrics
//	queries*.json  what get-metric-data was asked for, its --metric-data-queries
//	data*.json     what it answered; data-2.json is about queries-2.json
//
// [Recording.Queries] makes the queries. A query is of one metric, not of metric
// math; periods are whole minutes. A metric that was listed and not asked for has
// no datapoints. The error names every file that cannot be used, and why.
func Read(dir string) (*Recording, error) {
	r, err := read(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", dir, err)
	}
	return r, nil
}

func read(dir fs.FS) (*Recording, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	d := &reader{dir: dir, metrics: map[string]*metric{}}
	for _, e := range entries {
		if of, ok := strings.CutPrefix(e.Name(), metricsPrefix); ok && path.Ext(of) == ".json" {
			d.list(e.Name())
		}
	}
	for _, e := range entries {
		if of, ok := strings.CutPrefix(e.Name(), dataPrefix); ok && path.Ext(of) == ".json" {
			d.data(e.Name(), queriesPrefix+of)
		}
	}
	if len(d.errs) == 0 && len(d.metrics) == 0 {
		d.fail("there are no metrics: want metrics.json, the answer of aws cloudwatch list-metrics")
	}
	return d.recording()
}

// reader gathers the metrics of a recording.
type reader struct {
	dir     fs.FS
	metrics map[string]*metric // by what they are called
	errs    []error
}

func (d *reader) fail(format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf(format, args...))
}

func (d *reader) decode(file string, to any) bool {
	info, err := fs.Stat(d.dir, file)
	if err == nil && info.Size() > maxFileBytes {
		err = fmt.Errorf("it has %d bytes: %d are the most", info.Size(), maxFileBytes)
	}
	var content []byte
	if err == nil {
		content, err = fs.ReadFile(d.dir, file)
	}
	if err == nil {
		err = json.Unmarshal(content, to)
	}
	if err != nil {
		d.fail("%s: %w", file, err)
	}
	return err == nil
}

// list notes the metrics that there are.
func (d *reader) list(file string) {
	var answer struct{ Metrics []Metric }
	if !d.decode(file, &answer) {
		return
	}
	if len(answer.Metrics) == 0 {
		d.fail("%s: it lists no metrics: want the answer of aws cloudwatch list-metrics", file)
	}
	for _, m := range answer.Metrics {
		d.metric(m)
	}
}

// metric returns the metric of a name, and takes it into the recording.
func (d *reader) metric(m Metric) *metric {
	found := &metric{name: name{m.Namespace, m.MetricName}, dimensions: map[string]string{}, kept: map[string]kept{}}
	for _, dimension := range m.Dimensions {
		found.dimensions[dimension.Name] = dimension.Value
	}
	key := found.String()
	if known := d.metrics[key]; known != nil {
		return known
	}
	d.metrics[key] = found
	return found
}

// data notes the datapoints of an answer.
func (d *reader) data(file, asked string) {
	var queries []MetricDataQuery
	var answer dataJSON
	if !d.decode(file, &answer) || !d.decode(asked, &queries) {
		return
	}
	byID := map[string]MetricDataQuery{}
	for _, q := range queries {
		byID[q.ID] = q
	}
	for _, result := range answer.MetricDataResults {
		q, ok := byID[result.ID]
		period := time.Duration(q.MetricStat.Period) * time.Second
		switch {
		case !ok:
			d.fail("%s: nothing in %s has the id %q", file, asked, result.ID)
		case q.MetricStat.Metric.MetricName == "" || q.MetricStat.Stat == "":
			d.fail("%s: the query %q has no metric with a statistic: want MetricStat with Metric, Period and Stat", asked, q.ID)
		case period < time.Minute || period%time.Minute != 0 || period > maxRange:
			d.fail("%s: the query %q has a period of %d seconds: want whole minutes", asked, q.ID, q.MetricStat.Period)
		case len(result.Timestamps) != len(result.Values):
			d.fail("%s: the result %q has %d timestamps and %d values: want one of each for a datapoint", file, q.ID, len(result.Timestamps), len(result.Values))
		default:
			d.metric(q.MetricStat.Metric).keep(q.MetricStat.Stat, period, result.Timestamps, result.Values)
		}
	}
}

// recording is what was read.
func (d *reader) recording() (*Recording, error) {
	var start, end time.Time
	begun := false
	for _, m := range d.metrics {
		for _, k := range m.kept {
			if len(k.points) == 0 {
				continue
			}
			if first := k.points[0].at; !begun || first.Before(start) {
				start, begun = first, true
			}
			if last := k.points[len(k.points)-1].at.Add(k.period); last.After(end) {
				end = last
			}
		}
	}
	if took := end.Sub(start); took > maxRange {
		d.fail("the datapoints are from %v to %v: want %d days at most", start, end, int(maxRange.Hours()/24))
	}
	if err := errors.Join(d.errs...); err != nil {
		return nil, err
	}
	r := newRecording("", start, end)
	for _, key := range slices.Sorted(maps.Keys(d.metrics)) {
		r.add(d.metrics[key])
	}
	return r, nil
}
