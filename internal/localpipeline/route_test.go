//go:build unix

package localpipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
)

func TestRoute_BeforeAPart_ProgramsTalkToThat(t *testing.T) {
	var calls atomic.Int64
	reported := make(chan lambda.Batch, 2)
	l := start(t, fast, func(c *localpipeline.Config) {
		c.Report = func(_ string, b lambda.Batch) {
			reported <- b
		}
		c.Route = func(part localpipeline.Part, address string) (string, error) {
			if part != localpipeline.PartSNS {
				return address, nil
			}
			u, err := url.Parse(address)
			if err != nil {
				return "", err
			}
			proxy := httputil.NewSingleHostReverseProxy(u)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				proxy.ServeHTTP(w, r)
			}))
			t.Cleanup(server.Close)
			return server.URL, nil
		}
	})
	id := send(t, l, `{}`, nil)
	whole(t, l, id)
	if calls.Load() == 0 {
		t.Error("the service has not called what stands before SNS")
	}
	if f := l.Function("ledger"); f == nil || len(f.PIDs()) == 0 {
		t.Errorf("the consumer's function is %v, want one with a process", f)
	}
	select {
	case b := <-reported:
		if b.Err != nil || b.Messages != 1 || b.Deleted != 1 {
			t.Errorf("the batch is %+v, want one message that was deleted", b)
		}
	case <-time.After(patience):
		t.Error("no batch was reported")
	}
	twinServes(t, l, &calls)
}

// twinServes wants another process of the service to be the same to whoever
// sends it something.
func twinServes(t *testing.T, l *localpipeline.Local, calls *atomic.Int64) {
	t.Helper()
	before := calls.Load()
	twin, err := l.StartTwin(t.Context(), map[string]string{"EVENT_SOURCE": "/twin"})
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(wait(t), http.MethodPost, twin+"/v1/events", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var accepted struct {
		Source  string
		TraceID string `json:"trace_id"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&accepted); err != nil || answer.StatusCode != http.StatusAccepted || accepted.Source != "/twin" || calls.Load() == before {
		t.Fatalf("the twin answers %s, %+v, %v, after %d calls of SNS; want 202, its own variable and a call", answer.Status, accepted, err, calls.Load()-before)
	}
	whole(t, l, accepted.TraceID)
}

func TestRoute_Fails_SaysWhichPart(t *testing.T) {
	_, err := localpipeline.Start(t.Context(), localpipeline.Config{
		Pipeline: describe(t, fast), Service: programs.service, Consumer: programs.consumer,
		Migrate: func(context.Context, string) error { return nil },
		Route: func(part localpipeline.Part, address string) (string, error) {
			if part == localpipeline.PartDatabase {
				return "", errors.New("no way")
			}
			return address, nil
		},
	})
	if err == nil || !strings.Contains(err.Error(), "route to database: no way") {
		t.Errorf("the error is %v, want one that names the database", err)
	}
}
