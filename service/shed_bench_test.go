//go:build unix

package service

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// BenchmarkShed is what a refusal for lack of room costs, client and all, in
// processor time: of a server that does nothing but answer 503, of the service
// without telemetry, and with it.
func BenchmarkShed(b *testing.B) {
	for name, handler := range map[string]func(testing.TB) (http.Handler, func()){
		"net-http": plain503, "bare": newFullBare, "instrumented": newFullInstrumented,
	} {
		b.Run(name, func(b *testing.B) {
			h, stop := handler(b)
			defer stop()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := &http.Server{Handler: h}
			go func() { _ = server.Serve(l) }()
			defer server.Close()
			before := used()
			b.ReportAllocs()
			b.ResetTimer()
			refuse(b, l.Addr().String(), b.N)
			b.StopTimer()
			b.ReportMetric(used().minus(before).cpu.Seconds()*1e6/float64(b.N), "cpu-us/op")
		})
	}
}

// refuse posts n events over a few connections, and wants none accepted.
func refuse(tb testing.TB, addr string, n int) {
	tb.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			c, err := newCheapClient(addr)
			if err != nil {
				tb.Error(err)
				return
			}
			defer c.Close()
			c.status = "HTTP/1.1 503"
			for next.Add(1) <= int64(n) {
				if err := c.post(); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func plain503(testing.TB) (http.Handler, func()) {
	answer := make([]byte, 300)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(answer)
	}), func() {}
}

func newFullBare(tb testing.TB) (http.Handler, func()) { tb.Helper(); return newFull(tb, false) }

func newFullInstrumented(tb testing.TB) (http.Handler, func()) { tb.Helper(); return newFull(tb, true) }

// newFull makes a service that has no room, with the telemetry of cmd/service.
func newFull(tb testing.TB, instrumented bool) (http.Handler, func()) {
	tb.Helper()
	held := &heldSNS{called: make(chan struct{}), answer: make(chan struct{})}
	h, stop := newHandler(tb, instrumented, func(c *Config) { c.SNS, c.MaxPending, c.Limits.MaxBatch = held, 1, 1 })
	done := make(chan struct{})
	go func() {
		h.ServeHTTP(&nullWriter{header: make(http.Header)}, post(cloudEvent("first")))
		close(done)
	}()
	<-held.called
	return h, func() {
		close(held.answer)
		<-done
		stop()
	}
}

// heldSNS does not answer until it is told to.
type heldSNS struct {
	once           sync.Once
	called, answer chan struct{}
}

func (s *heldSNS) PublishBatch(context.Context, *sns.PublishBatchInput, ...func(*sns.Options)) (*sns.PublishBatchOutput, error) {
	s.once.Do(func() { close(s.called) })
	<-s.answer
	return nil, io.ErrUnexpectedEOF
}
