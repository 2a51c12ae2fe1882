//go:build unix

package collectorcheck_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	logscol "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	metricscol "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	tracecol "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// kept is how many requests of a signal are kept. All are counted.
const kept = 1_000

// receiver is the back end of a collector, whichever that is, and what ECS has
// beside a task: where credentials come from.
type receiver struct {
	*httptest.Server
	config config

	mu      sync.Mutex
	status  int    // of each answer; 0 while it takes what comes
	only    string // what the status is for: the end of a path
	refused int    // requests, with that status
	traces  []*tracecol.ExportTraceServiceRequest
	metrics []*metricscol.ExportMetricsServiceRequest
	logs    []*logscol.ExportLogsServiceRequest
	series  []series
	counts  counts
	faults  []string // what was wrong with requests
}

// counts are what has come in.
type counts struct{ requests, spans, points, records, samples int }

func newReceiver(t *testing.T, c config) *receiver {
	t.Helper()
	r := &receiver{config: c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+credentialsPath, giveCredentials)
	mux.HandleFunc("POST /", r.serve)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

// answer makes the back end answer with a status, or, with 0, take what comes. It
// can be for one signal alone: the end of its path.
func (r *receiver) answer(status int, only ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.only = status, strings.Join(only, "")
}

func (r *receiver) serve(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the collector has gone
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status != 0 && strings.HasSuffix(q.URL.Path, r.only) {
		r.refused++
		http.Error(w, "no", r.status)
		return
	}
	if err := errors.Join(r.authorized(q, body), r.take(q, body)); err != nil {
		r.faults = append(r.faults, q.URL.Path+": "+err.Error())
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.counts.requests++
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// authorized checks who sends.
func (r *receiver) authorized(q *http.Request, body []byte) error {
	switch got, want := q.Header.Get("Authorization"), r.config.authorized; {
	case want == "AWS4":
		return signed(q, body)
	case got != want:
		return fmt.Errorf("Authorization is %q, want %q", got, want)
	}
	return nil
}

func (r *receiver) take(q *http.Request, body []byte) error {
	base := r.config.endpoint
	if base == "" {
		base = backEnd
	}
	prefix := strings.TrimPrefix(base, backEnd)
	switch q.URL.Path {
	case prefix + "/v1/traces":
		return r.takeTraces(q, body)
	case prefix + "/v1/metrics":
		return r.takeMetrics(q, body)
	case prefix + "/v1/logs":
		return r.takeLogs(q, body)
	case "/api/v1/write":
		series, err := readRemoteWrite(q.Header, body)
		for _, s := range series {
			r.counts.samples += s.samples
		}
		if len(r.series) < kept*100 {
			r.series = append(r.series, series...)
		}
		return err
	default:
		return errors.New("the back end has no such path")
	}
}

// readOTLP reads a request, and refuses one that is larger than a back end takes.
func readOTLP(q *http.Request, body []byte, limit int, message proto.Message) error {
	if got := q.Header.Get("Content-Encoding"); got != "gzip" {
		return fmt.Errorf("Content-Encoding is %q, want gzip", got)
	}
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	body, err = io.ReadAll(zr)
	if err != nil {
		return err
	}
	if len(body) > limit {
		return fmt.Errorf("%d bytes, the back end takes %d", len(body), limit)
	}
	return proto.Unmarshal(body, message)
}

func (r *receiver) takeTraces(q *http.Request, body []byte) error {
	request := new(tracecol.ExportTraceServiceRequest)
	if err := readOTLP(q, body, r.config.limits.traceBytes, request); err != nil {
		return err
	}
	n := 0
	for _, rs := range request.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			n += len(ss.Spans)
		}
	}
	if n > r.config.limits.spans {
		return fmt.Errorf("%d spans, the back end takes %d", n, r.config.limits.spans)
	}
	r.counts.spans += n
	if len(r.traces) < kept {
		r.traces = append(r.traces, request)
	}
	return nil
}

func (r *receiver) takeMetrics(q *http.Request, body []byte) error {
	request := new(metricscol.ExportMetricsServiceRequest)
	if err := readOTLP(q, body, r.config.limits.metricBytes, request); err != nil {
		return err
	}
	n := 0
	for _, m := range metricsOf(request) {
		n += points(m)
		if r.config.delta && totals(m) {
			return fmt.Errorf("%s is a total, the back end takes deltas", m.Name)
		}
	}
	if n > r.config.limits.points {
		return fmt.Errorf("%d data points, the back end takes %d", n, r.config.limits.points)
	}
	r.counts.points += n
	if len(r.metrics) < kept {
		r.metrics = append(r.metrics, request)
	}
	return nil
}

func (r *receiver) takeLogs(q *http.Request, body []byte) error {
	request := new(logscol.ExportLogsServiceRequest)
	if err := readOTLP(q, body, none, request); err != nil {
		return err
	}
	for _, rl := range request.ResourceLogs {
		for _, sl := range rl.ScopeLogs {
			r.counts.records += len(sl.LogRecords)
		}
	}
	if len(r.logs) < kept {
		r.logs = append(r.logs, request)
	}
	return nil
}

func metricsOf(request *metricscol.ExportMetricsServiceRequest) []*metricspb.Metric {
	var all []*metricspb.Metric
	for _, rm := range request.ResourceMetrics {
		for _, sm := range rm.ScopeMetrics {
			all = append(all, sm.Metrics...)
		}
	}
	return all
}

func points(m *metricspb.Metric) int {
	return len(m.GetGauge().GetDataPoints()) + len(m.GetSum().GetDataPoints()) + len(m.GetHistogram().GetDataPoints()) +
		len(m.GetExponentialHistogram().GetDataPoints()) + len(m.GetSummary().GetDataPoints())
}

// totals reports whether a metric that only grows comes as a total since the start.
func totals(m *metricspb.Metric) bool {
	const cumulative = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	return m.GetSum().GetIsMonotonic() && m.GetSum().GetAggregationTemporality() == cumulative ||
		m.GetHistogram().GetAggregationTemporality() == cumulative || m.GetExponentialHistogram().GetAggregationTemporality() == cumulative
}
