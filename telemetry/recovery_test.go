package telemetry_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	metricspb "go.opentelemetry.io/proto/slim/otlp/metrics/v1"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestCollectorComesBack_Drops_AreInTheMetrics(t *testing.T) {
	c := newCollector(t)
	c.misbehave(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/traces") {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return false
	})
	tel := setup(t, configFor(c.URL))
	emit(t, tel, 3)
	if err := tel.Shutdown(t.Context()); err == nil {
		t.Error("the shutdown hides that spans were refused")
	}
	m := c.metric(semconv.MetricTelemetryDropped)
	if m == nil {
		t.Fatal("the metric did not arrive")
	}
	points := m.Data.(*metricspb.Metric_Sum).Sum.DataPoints //nolint:forcetypeassert // a counter
	got := texts(points[0].Attributes)
	if len(points) != 1 || points[0].GetAsInt() != 3 || got["tracehaul.signal"] != "traces" || got["tracehaul.reason"] != semconv.DropRefused {
		t.Errorf("the metric is %v", m)
	}
}

func TestCollectorThrottlesOnce_RetryAfter_EverythingArrives(t *testing.T) {
	c := newCollector(t)
	var first atomic.Int64
	c.misbehave(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/traces") && first.CompareAndSwap(0, time.Now().UnixNano()) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	})
	tel := setup(t, configFor(c.URL))
	emit(t, tel, 3)
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(time.Unix(0, first.Load())); len(c.spanNames()) != 3 || waited < time.Second {
		t.Errorf("%v arrived after %v", c.spanNames(), waited)
	}
}

func TestCollectorTakesLittle_LargeBatch_SplitAndComplete(t *testing.T) {
	c := newCollector(t)
	c.misbehave(func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength > 20_000 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return true
		}
		return false
	})
	tel := setup(t, configFor(c.URL))
	for i := range 200 {
		_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work", trace.WithAttributes(attribute.String("x", strings.Repeat("y", 1000))))
		if i == 100 {
			span.SetAttributes(attribute.String("huge", strings.Repeat("z", 30_000)))
		}
		span.End()
	}
	_ = tel.ForceFlush(t.Context())
	if got := len(c.spanNames()); got != 199 {
		t.Errorf("%d spans arrived, want all but the huge one", got)
	}
	if got := tel.Dropped(); got["traces "+semconv.DropTooLarge] != 1 {
		t.Errorf("dropped %v, want the huge one", got)
	}
}

// A Lambda is frozen after a flush, and may never go on: what was dropped is
// told before.
func TestFlushInvocation_Drops_ToldBeforeItReturns(t *testing.T) {
	var lines lockedBuffer
	config := configFor(answer{400, nil, ""}.url(t))
	config.LogWriter = &lines
	tel := setup(t, config)
	emit(t, tel, 3)
	if err := tel.FlushInvocation(t.Context()); err == nil {
		t.Error("the flush succeeded")
	}
	if got := told(t, lines.String()); got["traces refused"] != 3 || got["logs refused"] != 3 {
		t.Errorf("told of %v, want 3 spans and 3 records", got)
	}
	emit(t, tel, 2)
	_ = tel.FlushInvocation(t.Context())
	if got := told(t, lines.String())["traces refused"]; got != 3 {
		t.Errorf("told of %d spans: one line a minute is enough", got)
	}
	_ = tel.Shutdown(t.Context())
	if diff := cmp.Diff(tel.Dropped(), told(t, lines.String())); diff != "" {
		t.Errorf("the lines count otherwise (-want +got):\n%s", diff)
	}
	_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "late")
	span.End()
	before := lines.String()
	time.Sleep(10 * time.Millisecond)
	if after := lines.String(); after != before {
		t.Errorf("a line after the shutdown: %s", after[len(before):])
	}
}

func TestErrors_CollectorDownForLong_LoggedOnce(t *testing.T) {
	var lines lockedBuffer
	config := configFor(answer{400, map[string]string{"Content-Type": "text/plain"}, "no such tenant"}.url(t))
	config.LogWriter = &lines
	tel := setup(t, config)
	for range 5 {
		emit(t, tel, 1)
		_ = tel.ForceFlush(t.Context())
	}
	var traces int
	for line := range strings.Lines(lines.String()) {
		if strings.Contains(line, `"telemetry was not delivered"`) && strings.Contains(line, `"signal":"traces"`) {
			traces++
			if !strings.Contains(line, "no such tenant") || !strings.Contains(line, `"level":"WARN"`) {
				t.Error(line)
			}
		}
	}
	if traces != 1 {
		t.Errorf("%d lines for five failures, want 1:\n%s", traces, lines.String())
	}
}
