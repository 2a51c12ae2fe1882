package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// listen starts a listener that hands connections to serve, on goroutines of
// their own.
func listen(tb testing.TB, serve func(net.Conn)) (url string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	tb.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return "http://" + l.Addr().String()
}

// hangs accepts and reads, and never answers.
func hangs(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// drips answers one byte at a time.
func drips(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 64))
	for _, b := range []byte("HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Slow: 1\r\n", 1000)) {
		if _, err := conn.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func speaksSSH(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 64))
	_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
}

// answer is how a collector that speaks HTTP answers every request.
type answer struct {
	status int
	header map[string]string
	body   string
}

// url starts the collector.
func (a answer) url(tb testing.TB) string {
	tb.Helper()
	c := newCollector(tb)
	c.misbehave(func(w http.ResponseWriter, _ *http.Request) bool {
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
		return true
	})
	return c.URL
}

// TestFaults is the promise of the package's documentation: whatever the
// collector does, ending spans and logging do not block, flushing and shutting
// down are bounded, and everything is counted.
func TestFaults(t *testing.T) {
	t.Parallel()
	protobuf, html := map[string]string{"Content-Type": "application/x-protobuf"}, map[string]string{"Content-Type": "text/html"}
	wait := func(seconds string) map[string]string { return map[string]string{"Retry-After": seconds} }
	tests := map[string]struct {
		serve  func(net.Conn) // what happens with a connection,
		answer answer         // or with a request;
		reason string         // of the drops. Neither: nobody is there.
	}{
		"Down":           {reason: semconv.DropConnection},
		"Hangs":          {serve: hangs, reason: semconv.DropTimeout},
		"Drips":          {serve: drips, reason: semconv.DropTimeout},
		"NotHTTP":        {serve: speaksSSH, reason: semconv.DropConnection},
		"ClosesAtOnce":   {serve: func(net.Conn) {}, reason: semconv.DropConnection},
		"WebPage":        {answer: answer{200, html, "<html>"}, reason: semconv.DropGarbled},
		"GarbledAnswer":  {answer: answer{200, protobuf, "\xff\xff"}, reason: semconv.DropGarbled},
		"BadRequest":     {answer: answer{400, nil, ""}, reason: semconv.DropRefused},
		"Forbidden":      {answer: answer{403, nil, ""}, reason: semconv.DropRefused},
		"TooLarge":       {answer: answer{413, nil, ""}, reason: semconv.DropTooLarge},
		"Throttles":      {answer: answer{429, wait("1"), ""}, reason: semconv.DropUnavailable},
		"ThrottlesLong":  {answer: answer{429, wait("86400"), ""}, reason: semconv.DropUnavailable},
		"Unavailable":    {answer: answer{503, nil, ""}, reason: semconv.DropUnavailable},
		"RejectsEachOne": {answer: answer{200, protobuf, "\x0a\x03\x08\xff\x7f"}, reason: semconv.DropRejected},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "http://127.0.0.1:1"
			switch {
			case tc.serve != nil:
				url = listen(t, tc.serve)
			case tc.answer.status != 0:
				url = tc.answer.url(t)
			}
			config := configFor(url)
			const export, flush = 2 * time.Second, 5 * time.Second
			const tardy = flush + 4*time.Second // of what is bounded, on a busy machine
			config.Traces.Exporter.Timeout = export
			config.Metrics.Exporter.Timeout = export
			config.Logs.Exporter.Timeout = export
			config.FlushTimeout, config.ShutdownTimeout = flush, flush
			var lines lockedBuffer
			config.LogWriter = &lines
			tel := setup(t, config)

			const n = 20
			longest := emit(t, tel, n)
			if longest > export*9/10 { // less than any export may take
				t.Errorf("ending a span or logging took up to %v", longest)
			}
			start := time.Now()
			if err := tel.ForceFlush(t.Context()); err == nil {
				t.Error("the flush succeeded")
			}
			if d := time.Since(start); d > tardy {
				t.Errorf("the flush took %v", d)
			}
			start = time.Now()
			_ = tel.Shutdown(t.Context())
			if d := time.Since(start); d > tardy {
				t.Errorf("the shutdown took %v", d)
			}
			got := tel.Dropped()
			for _, signal := range []string{"traces", "logs"} {
				if total := got[signal+" "+tc.reason] + got[signal+" "+semconv.DropShutdown]; total != n || got[signal+" "+tc.reason] == 0 {
					t.Errorf("of %d %s, dropped were %v", n, signal, got)
				}
			}
			if got["metrics "+tc.reason] == 0 {
				t.Errorf("metrics were not counted: %v", got)
			}
			if !strings.Contains(lines.String(), "telemetry was not delivered") {
				t.Error("no line tells of it")
			}
			if diff := cmp.Diff(got, told(t, lines.String())); diff != "" {
				t.Errorf("the lines count otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

// told sums up what the lines say was dropped, by "signal reason".
func told(tb testing.TB, log string) map[string]int64 {
	tb.Helper()
	sums := map[string]int64{}
	for text := range strings.Lines(log) {
		var line struct {
			Msg, Level, Signal, Reason string
			Items                      int64
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			tb.Fatalf("%v in %s", err, text)
		}
		if line.Msg != semconv.LogTelemetryDropped {
			continue
		}
		if line.Level != "WARN" || line.Items <= 0 {
			tb.Errorf("line %s", text)
		}
		sums[line.Signal+" "+line.Reason] += line.Items
	}
	return sums
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// emit ends spans, logs and measures, and returns the longest time that one
// of these took.
func emit(tb testing.TB, tel *telemetry.Telemetry, n int) (longest time.Duration) {
	tb.Helper()
	tracer := tel.TracerProvider().Tracer("test")
	counter, err := tel.MeterProvider().Meter("test").Int64Counter("things")
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		start := time.Now()
		ctx, span := tracer.Start(tb.Context(), "work", trace.WithAttributes(attribute.Int("i", i)))
		tel.Logger().InfoContext(ctx, "working")
		counter.Add(ctx, 1)
		span.End()
		longest = max(longest, time.Since(start))
	}
	return longest
}

func TestCollectorHangs_ManySpans_MemoryAndGoroutinesBounded(t *testing.T) {
	exporting := make(chan struct{})
	var once sync.Once
	tel := setup(t, configFor(listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1))
		once.Do(func() { close(exporting) })
		hangs(conn)
	})))
	tracer := tel.TracerProvider().Tracer("test")
	payload := attribute.String("payload", strings.Repeat("x", 1000))
	end := func(n int) {
		for range n {
			_, span := tracer.Start(t.Context(), "work", trace.WithAttributes(payload, attribute.String("own", string(make([]byte, 200)))))
			span.End()
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	end(5000) // fills the queue and one batch
	<-exporting
	end(5000) // what that batch has left room for
	before, goroutines := heap(), runtime.NumGoroutine()
	start := time.Now()
	end(100_000)
	if d := time.Since(start); d > time.Minute {
		t.Errorf("100,000 spans took %v", d)
	}
	if after := heap(); after > before+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("goroutines grew from %d to %d", goroutines, n)
	}
	if got := tel.Dropped()["traces "+semconv.DropQueueFull]; got < 100_000 {
		t.Errorf("%d drops were counted, want at least 100,000", got)
	}
}

// Spans may be large: it is bytes that fill the memory.
func TestCollectorHangs_LargeSpans_BytesBounded(t *testing.T) {
	config := configFor(listen(t, hangs))
	config.Traces.QueueBytes = 1 << 20
	tel := setup(t, config)
	tracer := tel.TracerProvider().Tracer("test")
	for range 100 {
		_, span := tracer.Start(t.Context(), "work", trace.WithAttributes(attribute.String("payload", strings.Repeat("x", 100_000))))
		span.End()
	}
	if got := tel.Dropped()["traces "+semconv.DropQueueFull]; got != 90 {
		t.Errorf("%d of 100 spans of 100 kB were dropped, want all but the ten that 1 MiB holds", got)
	}
}

// A Lambda flushes in every invocation. A collector that hangs must cost it
// one flush, not one for every invocation.
func TestCollectorHangs_RepeatedFlushes_OnlyTheFirstWaits(t *testing.T) {
	c := newCollector(t)
	release := make(chan struct{})
	var healthy atomic.Bool
	c.misbehave(func(http.ResponseWriter, *http.Request) bool {
		if !healthy.Load() {
			<-release
		}
		return false
	})
	config := configFor(c.URL)
	const wait = 2 * time.Second
	config.FlushTimeout = wait
	tel := setup(t, config)
	t.Cleanup(sync.OnceFunc(func() {
		if !healthy.Load() {
			close(release)
		}
	}))
	invoke := func(i int) (time.Duration, error) {
		_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), fmt.Sprint("invocation ", i))
		span.End()
		start := time.Now()
		err := tel.ForceFlush(t.Context())
		return time.Since(start), err
	}
	if d, err := invoke(0); d < wait*3/4 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the first flush took %v: %v", d, err)
	}
	for i := range 5 {
		if d, err := invoke(1 + i); d > wait/2 || err == nil {
			t.Errorf("flush %d took %v: %v", 2+i, d, err)
		}
	}
	healthy.Store(true)
	close(release)
	deadline := time.Now().Add(time.Minute)
	for len(c.spanNames()) < 6 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := invoke(6); err != nil {
		t.Errorf("after recovery: %v", err)
	}
	if got := c.spanNames(); len(got) != 7 {
		t.Errorf("in the end %v arrived, want all 7", got)
	}
}
