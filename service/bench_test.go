//go:build unix

package service

import (
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/bare"
)

// connections is how many clients post at once: enough for calls of SNS to be
// full.
const connections = 64

func BenchmarkServe(b *testing.B) {
	for name, instrumented := range map[string]bool{"bare": false, "instrumented": true} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, instrumented, 0)
			defer r.close()
			r.load(b, connections, 1000)
			calls := r.calls.Load()
			b.ReportAllocs()
			b.ResetTimer()
			r.load(b, connections, b.N)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(float64(b.N)/float64(r.calls.Load()-calls), "events/call")
		})
	}
}

// BenchmarkServe_InstrumentedToBare measures both in turns, so that what else
// the machine does hits both alike. "ratio" is that of the requests per second
// of two neighbouring turns, the median of all; "cpu-ratio" is that of the
// processor time of the whole process, client and SNS included, which other
// programs disturb less. Allocations are those of the whole process, too: the
// SDK's share, exporting and all.
func BenchmarkServe_InstrumentedToBare(b *testing.B) {
	rigs := [2]*rig{newRig(b, false, 0), newRig(b, true, 0)}
	const turn = 2000
	var sums [2]usage
	var ratios []float64
	for _, r := range rigs {
		defer r.close()
		r.load(b, connections, turn)
	}
	b.ResetTimer()
	n := 0
	for n == 0 || n < b.N {
		var took [2]time.Duration
		for i, r := range rigs {
			before := used()
			r.load(b, connections, turn)
			u := used().minus(before)
			sums[i], took[i] = sums[i].plus(u), u.wall
		}
		ratios = append(ratios, took[0].Seconds()/took[1].Seconds())
		n += turn
	}
	b.StopTimer()
	slices.Sort(ratios)
	bare, instrumented, requests := sums[0], sums[1], float64(n)
	b.ReportMetric(requests/bare.wall.Seconds(), "bare-requests/s")
	b.ReportMetric(requests/instrumented.wall.Seconds(), "instrumented-requests/s")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(bare.cpu.Seconds()/instrumented.cpu.Seconds(), "cpu-ratio")
	b.ReportMetric((instrumented.cpu-bare.cpu).Seconds()*1e6/requests, "cpu-added-us/op")
	b.ReportMetric((float64(instrumented.allocations)-float64(bare.allocations))/requests, "allocs-added/op")
}

// usage is what the process has used so far, or between two moments.
type usage struct {
	wall, cpu   time.Duration
	allocations uint64
}

func used() usage {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return usage{
		wall:        time.Since(start0),
		cpu:         time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		allocations: memory.Mallocs,
	}
}

var start0 = time.Now()

func (u usage) minus(v usage) usage {
	return usage{u.wall - v.wall, u.cpu - v.cpu, u.allocations - v.allocations}
}

func (u usage) plus(v usage) usage {
	return usage{u.wall + v.wall, u.cpu + v.cpu, u.allocations + v.allocations}
}

// BenchmarkLatency shows what sharing calls costs: how much longer than the
// call itself a request takes, by load.
func BenchmarkLatency(b *testing.B) {
	const call = 15 * time.Millisecond
	for name, clients := range map[string]int{"1-client": 1, "8-clients": 8, "64-clients": 64, "256-clients": 256} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, true, call)
			defer r.close()
			r.load(b, clients, 2*clients)
			calls := r.calls.Load()
			b.ResetTimer()
			took := r.load(b, clients, b.N)
			b.StopTimer()
			slices.Sort(took)
			ms := func(d time.Duration) float64 { return float64((d - call).Microseconds()) / 1000 }
			b.ReportMetric(ms(took[len(took)/2]), "p50-added-ms")
			b.ReportMetric(ms(took[len(took)*99/100]), "p99-added-ms")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(float64(b.N)/float64(r.calls.Load()-calls), "events/call")
		})
	}
}

// BenchmarkHandler leaves net/http's server and the SDK out: what the handler
// itself costs.
func BenchmarkHandler(b *testing.B) {
	for name, instrumented := range map[string]bool{"bare": false, "instrumented": true} {
		b.Run(name, func(b *testing.B) {
			h, stop := newHandler(b, instrumented)
			defer stop()
			b.ReportAllocs()
			for b.Loop() {
				serve(h)
			}
		})
	}
}

func newHandler(tb testing.TB, instrumented bool, change ...func(*Config)) (h http.Handler, stop func()) {
	tb.Helper()
	c := Config{TopicARN: testTopic, SNS: quietSNS{}, MeterProvider: bare.MeterProvider{}, Logger: slog.New(slog.DiscardHandler)}
	stop = func() {}
	if instrumented {
		tel, end := newTelemetry(tb)
		stop = end
		c.TracerProvider, c.MeterProvider, c.Propagator, c.Logger = tel.TracerProvider(), tel.MeterProvider(), tel.Propagator(), tel.Logger()
	}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Handler(), stop
}

// What is compared with has no telemetry, and what is compared has.
func TestHandler_Bare_HasNoTelemetry(t *testing.T) {
	for _, instrumented := range []bool{false, true} {
		h, stop := newHandler(t, instrumented)
		defer stop()
		w := &nullWriter{header: make(http.Header)}
		h.ServeHTTP(w, post(cloudEvent("1")))
		if answered := w.header.Get("Traceresponse") != ""; answered != instrumented {
			t.Errorf("instrumented %v, but traceresponse is %q", instrumented, w.header.Get("Traceresponse"))
		}
	}
}

func serve(h http.Handler) { serveFor(h, http.StatusAccepted) }

// serveFor serves a request that is to be answered with a status.
func serveFor(h http.Handler, status int) {
	w := &nullWriter{header: make(http.Header)}
	r := post(cloudEvent("1"))
	r.Header.Set("X-Amzn-Trace-Id", albHeader)
	h.ServeHTTP(w, r)
	if w.status != status {
		panic(w.status)
	}
}

type nullWriter struct {
	header http.Header
	status int
}

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) WriteHeader(status int)      { w.status = status }
func (w *nullWriter) Write(b []byte) (int, error) { return io.Discard.Write(b) }
