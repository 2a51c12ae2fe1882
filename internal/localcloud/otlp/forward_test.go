package otlp

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestForward_AcceptedRequests_GoOnUnchanged(t *testing.T) {
	type got struct {
		path, encoding, auth string
		body                 []byte
	}
	var mu sync.Mutex
	var all []got
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		mu.Lock()
		all = append(all, got{q.URL.Path, q.Header.Get("Content-Encoding"), q.Header.Get("Authorization"), b})
		mu.Unlock()
	}))
	defer next.Close()

	r, err := New(Config{Forward: next.URL + "/base/", ForwardHeaders: map[string]string{"Authorization": "Basic x"}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	defer server.Close()
	b, err := proto.Marshal(request(&tracepb.Span{TraceId: traceID(1), SpanId: spanID(1)}))
	if err != nil {
		t.Fatal(err)
	}
	post(t, server.URL+"/v1/traces", contentType, "gzip", zipped(b))
	post(t, server.URL+"/v1/logs", contentType, "", nil)
	post(t, server.URL+"/v1/traces", contentType, "", []byte("garbage"))
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	if len(all) != 2 {
		t.Fatalf("%d requests went on, want the 2 that were accepted", len(all))
	}
	if g := all[0]; g.path != "/base/v1/traces" || g.encoding != "gzip" || g.auth != "Basic x" || string(g.body) != string(zipped(b)) {
		t.Errorf("the first is %+v", g)
	}
	if g := all[1]; g.path != "/base/v1/logs" || g.encoding != "" {
		t.Errorf("the second is %+v", g)
	}
	if s := r.Stats(); s.Forwarded != 2 || s.ForwardDropped != 0 || s.ForwardFailed != 0 {
		t.Errorf("stats are %+v", s)
	}
}

func TestForward_ReceiverThatNeverAnswers_DropsAndNeverBlocks(t *testing.T) {
	release := make(chan struct{})
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-release:
		case <-q.Context().Done():
		}
	}))
	defer next.Close()
	defer close(release)

	r, err := New(Config{Forward: next.URL, MaxForward: 2, ForwardTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 { // one that waited would wait for ever
		r.forward.offer("/v1/traces", "", []byte("x"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); err == nil {
		t.Error("Close does not say that something was cut off")
	}
	r.forward.offer("/v1/traces", "", []byte("x"))
	s := r.Stats()
	if sum := s.ForwardDropped + s.ForwardFailed; sum != 11 || s.Forwarded != 0 || s.ForwardDropped < 8 {
		t.Errorf("stats are %+v, want all 11 accounted for", s)
	}
}

func TestForward_Refusals_AreCountedAndNamed(t *testing.T) {
	next := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer next.Close()
	r, err := New(Config{Forward: next.URL})
	if err != nil {
		t.Fatal(err)
	}
	r.forward.offer("/v1/traces", "", []byte("x"))
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := r.Stats(); s.ForwardFailed != 1 || !strings.Contains(s.LastForwardError, "503") {
		t.Errorf("stats are %+v", s)
	}
}
