package recorded

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

var update = flag.Bool("update", false, "rewrite the recording in testdata")

// prodPeriod keeps the recording in testdata small.
const prodPeriod = 15 * time.Minute

// TestProd_IsUpToDate writes six hours of the reference pipeline as the AWS CLI
// prints them, and compares them with testdata/prod.
func TestProd_IsUpToDate(t *testing.T) {
	p, err := pipeline.LoadEnvironment(filepath.Join("..", "..", "pipeline", "testdata", "reference", "tracehaul.yaml"), "prod")
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Model(set, shortest)
	if err != nil {
		t.Fatal(err)
	}
	own := map[name][]string{}
	for _, s := range set.Signals.All() {
		n := name{s.Metric.Namespace, s.Metric.Name}
		own[n] = append(own[n], s.Statistic)
	}
	size := 0
	for file, content := range r.answers(t, own) {
		file = filepath.Join("testdata", "prod", file)
		if *update {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; go test ./dashboards/recorded -update writes it", err)
		}
		if !bytes.Equal(want, content) {
			t.Errorf("%s is not up to date; go test ./dashboards/recorded -update writes it: %s", file, firstDifference(want, content))
		}
		size += len(content)
	}
	if size > 1<<20 {
		t.Errorf("the recording has %d bytes, want 1 MiB at most", size)
	}
}

// answers are what the AWS CLI prints of a recording: all that can be asked of its
// metrics, in parts.
func (r *Recording) answers(t *testing.T, own map[name][]string) map[string][]byte {
	t.Helper()
	listed := []Metric{}
	queries := []MetricDataQuery{}
	results := []resultJSON{}
	for _, m := range r.metrics {
		listed = append(listed, m.json())
		statistics := append([]string{"Average", "Maximum", "Minimum", "SampleCount", "Sum"}, own[m.name]...)
		if s, ok := r.history.At(m.samples, 0); ok && len(s.Distribution) > 0 {
			statistics = append(statistics, "p50", "p90", "p95", "p99", "p99.9", "PR(:0.3)")
		}
		slices.Sort(statistics)
		for _, statistic := range slices.Compact(statistics) {
			s, err := r.ask(m, statistic, prodPeriod)
			if err != nil || s.points() == 0 {
				continue
			}
			id := "m" + strconv.Itoa(len(queries))
			queries = append(queries, MetricDataQuery{id, MetricStat{m.json(), int(prodPeriod / time.Second), statistic}})
			results = append(results, r.result(id, m, s))
		}
	}
	return map[string][]byte{
		"metrics.json": printed(t, map[string]any{"Metrics": listed}),
		"queries.json": printed(t, queries),
		"data.json":    printed(t, map[string]any{"MetricDataResults": results, "Messages": []string{}}),
	}
}

// firstDifference is the first line in which two files differ.
func firstDifference(want, got []byte) string {
	a, b := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %s, want %s", i+1, b[i], a[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(b), len(a))
}

type resultJSON struct {
	ID         string `json:"Id"`
	Label      string
	Timestamps []string
	Values     []json.Number
	StatusCode string
}

// result is one series, the newest datapoint first, in four digits.
func (r *Recording) result(id string, m *metric, s series) resultJSON {
	from, _ := r.grid(s.period)
	result := resultJSON{ID: id, Label: m.metric, StatusCode: "Complete"}
	for i, x := range slices.Backward(s.values) {
		if math.IsNaN(x) {
			continue
		}
		result.Timestamps = append(result.Timestamps, from.Add(time.Duration(i)*s.period).UTC().Format("2006-01-02T15:04:05+00:00"))
		short, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
		if err != nil {
			panic(err) // it was just written
		}
		result.Values = append(result.Values, json.Number(strconv.FormatFloat(short, 'f', -1, 64)))
	}
	return result
}

func printed(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
