package awslambda_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// The queue of spans is bounded by their bytes. One sampled message of each
// batch must not keep what there is of the others.
func TestSQSBatch_CollectorHangsFewSampled_MemoryIsTheSpans(t *testing.T) {
	release := make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer collector.Close()
	defer close(release)
	tel, err := telemetry.Setup(t.Context(), telemetry.Config{
		LogWriter: io.Discard, FlushTimeout: 10 * time.Millisecond, ShutdownTimeout: 10 * time.Millisecond,
		Traces: telemetry.TracesConfig{
			Exporter: telemetry.ExporterConfig{Endpoint: collector.URL + "/v1/traces", Timeout: time.Hour}, // it hangs until the end
			Batch:    telemetry.BatchConfig{ExportTimeout: time.Hour},
			Sampler:  trace.ParentBased(trace.NeverSample()),
		},
		Metrics: telemetry.MetricsConfig{Exporter: telemetry.ExporterConfig{Kind: telemetry.ExporterNone}},
		Logs:    telemetry.LogsConfig{Exporter: telemetry.ExporterConfig{Kind: telemetry.ExporterNone}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tel.Shutdown(t.Context()) }()
	h := awslambda.SQSBatch(writeAll, awslambda.Config{
		TracerProvider: tel.TracerProvider(), Logger: slog.New(slog.DiscardHandler), Flush: tel.FlushInvocation,
	})
	e := batchOf(1000)
	for i := range e.Records[1:] {
		unsampled := fmt.Sprintf("00-%032x-%016x-00", i+2, i+2)
		a := e.Records[i+1].MessageAttributes["traceparent"]
		a.StringValue = &unsampled
		e.Records[i+1].MessageAttributes["traceparent"] = a
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	invoke := func(n int) {
		for range n {
			if _, err := h(invocationContext(t.Context()), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	invoke(5)
	before := heap()
	invoke(50)
	if after := heap(); after > before+4<<20 {
		t.Errorf("50 batches with one sampled message each let the heap grow from %d to %d bytes", before, after)
	}
	if n := tel.DroppedOf(telemetry.SignalTraces); n > 0 {
		t.Errorf("%d spans were dropped, so that the queue says nothing", n)
	}
}
