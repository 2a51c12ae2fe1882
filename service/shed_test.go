package service

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// full makes a service in which as many events wait as may: one. The request
// that it came with ends when release is called.
func full(tb testing.TB, change ...func(*Config)) (b *bundle, release func()) {
	tb.Helper()
	b = setup(tb, append(change, func(c *Config) { c.MaxPending, c.Limits.MaxBatch = 1, 1 })...)
	var once sync.Once
	called, answer := make(chan struct{}), make(chan struct{})
	b.sns.answer = func(context.Context, int, *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
		once.Do(func() { close(called) })
		<-answer
		return nil, io.ErrUnexpectedEOF
	}
	done := make(chan struct{})
	go func() {
		b.do(post(cloudEvent("first")))
		close(done)
	}()
	<-called
	return b, func() {
		close(answer)
		<-done
	}
}

func TestEvents_Full_ShedsBeforeItReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, release := full(t)
		defer release()
		body := new(unread)
		r := httptest.NewRequest(http.MethodPost, "/v1/events", body)
		r.Header.Set("Content-Type", "application/cloudevents+json")
		w := b.do(r)
		wantProblem(t, w, http.StatusServiceUnavailable, codeOverloaded)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if body.reads > 0 {
			t.Errorf("the body was read %d times", body.reads)
		}
	})
}

// BenchmarkShed is what a request costs that is refused for lack of room.
func BenchmarkShed(b *testing.B) {
	s, release := full(b, func(c *Config) { c.Uninstrumented, c.Logger = true, slog.New(slog.DiscardHandler) })
	defer release()
	body := `{"specversion":"1.0","id":"1","source":"/web","type":"t","data":{"text":"` + strings.Repeat("x", 2000) + `"}}`
	b.ReportAllocs()
	for b.Loop() {
		if w := s.do(post(body)); w.Code != http.StatusServiceUnavailable {
			b.Fatal(w.Code)
		}
	}
}
