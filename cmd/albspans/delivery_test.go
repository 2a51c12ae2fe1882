//go:build unix

package main

import (
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
)

// gate stands before the collector.
type gate struct {
	mu       sync.Mutex
	requests int
	answer   func(n int, w http.ResponseWriter, r *http.Request) (done bool) // of the n-th request, from 1
	next     http.Handler
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.requests++
	n := g.requests
	g.mu.Unlock()
	if !g.answer(n, w, r) {
		g.next.ServeHTTP(w, r)
	}
}

// gated is setup with a gate for spans.
func gated(t *testing.T, env map[string]string, answer func(n int, w http.ResponseWriter, r *http.Request) bool) *bundle {
	t.Helper()
	g := &gate{answer: answer}
	front := httptest.NewServer(g)
	t.Cleanup(front.Close)
	all := map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": front.URL + "/v1/traces"}
	maps.Copy(all, env)
	b := setup(t, all)
	g.next = b.received
	return b
}

// put writes file i with n lines, none of which is in another file.
func (b *bundle) put(i, n int) (lines []string) {
	b.t.Helper()
	for j := range n {
		lines = append(lines, numbered(b.t, i*10_000+j))
	}
	b.store.Put(logs, file(i), zip(b.t, lines...))
	return lines
}

func (b *bundle) missing(lines []string) (n int) {
	b.t.Helper()
	for _, line := range lines {
		if len(b.span(line)) == 0 {
			n++
		}
	}
	return n
}

// slow serves one file, whose lines come in two parts: the second when the
// channel is closed.
func slow(t *testing.T, then <-chan struct{}, first, second []string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zipped := gzip.NewWriter(w)
		_, _ = io.WriteString(zipped, strings.Join(first, "\n")+"\n")
		_ = zipped.Flush()
		_ = http.NewResponseController(w).Flush()
		select {
		case <-then:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(zipped, strings.Join(second, "\n")+"\n")
		_ = zipped.Close()
	}))
	t.Cleanup(server.Close)
	return server
}

// Batches go out by themselves while lines are read: one that is refused before
// anybody waits for it fails the file as well.
func TestAlbspans_BatchRefusedWhileLinesAreRead_FailsTheFile(t *testing.T) {
	var lines []string
	for i := range 900 { // fewer than are made before a flush
		lines = append(lines, numbered(t, i))
	}
	refused := make(chan struct{})
	objects := slow(t, refused, lines[:600], lines[600:])
	b := gated(t, map[string]string{"AWS_ENDPOINT_URL_S3": objects.URL}, func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 1 {
			w.WriteHeader(http.StatusBadRequest)
			time.AfterFunc(200*time.Millisecond, func() { close(refused) }) // the function has heard of it by then
		}
		return n == 1
	})
	var failed *lambda.InvocationError
	if _, err := b.function.Invoke(t.Context(), created(t, file(1))); !errors.As(err, &failed) {
		t.Fatalf("Invoke gave %v, and %d spans are missing; want a failure, so that the file is read again\n%s", err, b.missing(lines), b.output())
	} else if want := "traces: 512 dropped"; !strings.Contains(failed.Message, want) {
		t.Errorf("Invoke gave %s, want that %s", failed.Message, want)
	}
	if _, err := b.function.Invoke(t.Context(), created(t, file(1))); err != nil || b.missing(lines) > 0 {
		t.Errorf("the second try gave %v, and %d spans are missing\n%s", err, b.missing(lines), b.output())
	}
}

// What a collector that hung has left in the queue takes no room of the next
// file's, and a file is not failed because one before it was.
func TestAlbspans_CollectorHangsAndRecovers_NextTryDelivers(t *testing.T) {
	for name, queue := range map[string]string{"Default": "2048", "Small": "700"} {
		t.Run(name, func(t *testing.T) {
			hung := make(chan struct{})
			b := gated(t, map[string]string{"OTEL_BSP_MAX_QUEUE_SIZE": queue, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "2000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100"}, func(_ int, _ http.ResponseWriter, r *http.Request) bool {
				select {
				case <-hung:
					return false
				default:
					_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the client goes
					<-r.Context().Done()
					return true
				}
			})
			b.put(1, 1024)
			var failed *lambda.InvocationError
			if _, err := b.function.Invoke(t.Context(), created(t, file(1))); !errors.As(err, &failed) {
				t.Errorf("Invoke gave %v although nobody took spans", err)
			}
			close(hung)
			for i := 2; i < 4; i++ {
				lines := b.put(i, 1500)
				if _, err := b.function.Invoke(t.Context(), created(t, file(i))); err != nil || b.missing(lines) > 0 {
					t.Errorf("file %d: %v, %d of %d spans missing\n%s", i, err, b.missing(lines), len(lines), b.output())
				}
			}
		})
	}
}

func TestAlbspans_FileOfBadLinesOnly_Fails(t *testing.T) {
	b := setup(t, nil)
	b.store.Put(logs, file(1), zip(t, "http", "nonsense"))
	var failed *lambda.InvocationError
	if _, err := b.function.Invoke(t.Context(), created(t, file(1))); !errors.As(err, &failed) {
		t.Errorf("Invoke gave %v; want a failure, as nothing of the file is of use\n%s", err, b.output())
	}
}
