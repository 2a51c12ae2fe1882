package service

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestEvents_PartOfBatchRefusedBySNS_SaysWhich(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.sns.answer = func(_ context.Context, _ int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			return failing(in, "InternalError", false, func(body string) bool { return strings.Contains(body, `"bad"`) }), nil
		}
		w := b.do(post(cloudEvents("a", "bad", "c")))
		p := wantProblem(t, w, http.StatusServiceUnavailable, codePublishUnavailable)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if p.Accepted == nil || *p.Accepted != 2 || len(p.Results) != 3 {
			t.Fatalf("accepted = %v, results %+v", p.Accepted, p.Results)
		}
		for i, want := range []string{"accepted", "refused", "accepted"} {
			if got := p.Results[i]; got.Status != want || got.Index != i || (got.Code != "") != (want == "refused") {
				t.Errorf("result %d = %+v, want %s", i, got, want)
			}
		}
		if a, r := b.counted(t, semconv.MetricAccepted, ""), b.counted(t, semconv.MetricRefused, codePublishUnavailable); a != 2 || r != 1 {
			t.Errorf("counted %d accepted and %d refused, want 2 and 1", a, r)
		}
	})
}

// A client that sends all of it again gets everything in.
func TestEvents_BatchWithBothKindsOfFailure_AsksForAnotherTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.sns.answer = func(_ context.Context, _ int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			if strings.Contains(*in.PublishBatchRequestEntries[0].Message, "never") {
				return failing(in, "InvalidParameter", true, func(body string) bool { return strings.Contains(body, "never") }), nil
			}
			return nil, apiError("Throttled")
		}
		p := wantProblem(t, b.do(post(cloudEvents("never"))), http.StatusBadGateway, codePublishRefused)
		if len(p.Results) != 1 {
			t.Errorf("results = %+v", p.Results)
		}
		w := b.do(post(cloudEvents("1", "2")))
		wantProblem(t, w, http.StatusServiceUnavailable, codePublishThrottled)
	})
}

func TestEvents_SNSFails_StatusSaysWhetherToTryAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
		retry  bool
		level  string // of the line: somebody has to do something where no other try helps
	}{
		"away":        {io.ErrUnexpectedEOF, 503, codePublishUnavailable, true, "WARN"},
		"broken":      {apiError("InternalError"), 503, codePublishUnavailable, true, "WARN"},
		"throttling":  {apiError("Throttled"), 503, codePublishThrottled, true, "WARN"},
		"too slow":    {context.DeadlineExceeded, 504, codePublishTimeout, true, "WARN"},
		"not allowed": {apiError("AuthorizationError"), 502, codePublishRefused, false, "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.sns.answer = func(context.Context, int, *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
				return nil, tc.err
			}
			w := b.do(post(cloudEvent("1")))
			p := wantProblem(t, w, tc.status, tc.code)
			if got := w.Header().Get("Retry-After") != ""; got != tc.retry {
				t.Errorf("Retry-After given: %v, want %v", got, tc.retry)
			}
			if strings.Contains(fmt.Sprint(p), tc.err.Error()) {
				t.Errorf("the problem tells the client what concerns the operator: %+v", p)
			}
			if !strings.Contains(b.log.String(), tc.err.Error()) {
				t.Errorf("the log does not tell the operator why: %s", b.log)
			}
			if want := fmt.Sprintf(`"level":%q,"msg":"refused"`, tc.level); !strings.Contains(b.log.String(), want) {
				t.Errorf("the log has no %s: %s", want, b.log)
			}
		})
	}
}

func TestEvents_SNSHangs_AnsweredAtRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.sns.latency = time.Minute
		began := time.Now()
		// Beyond what can be on its way at once, so that some wait in the queue.
		var codes []string
		done := make(chan string)
		for range 400 {
			go func() { done <- decode[Problem](t, b.do(post(cloudEvent("1"))).Body).Code }()
		}
		for range 400 {
			codes = append(codes, <-done)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v, want 10s at most", took)
		}
		for _, c := range codes {
			if c != codePublishTimeout {
				t.Errorf("code = %q", c)
			}
		}
		time.Sleep(time.Minute)
	})
}

func TestEvents_Overloaded_ShedsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, func(c *Config) { c.MaxPending, c.Limits.MaxBatch = 50, 50 })
		b.sns.latency = 100 * time.Millisecond
		answers := make(chan *httptest.ResponseRecorder)
		for i := range 80 {
			go func() { answers <- b.do(post(cloudEvent(strconv.Itoa(i)))) }()
		}
		accepted, shed := 0, 0
		for range 80 {
			switch w := <-answers; w.Code {
			case http.StatusAccepted:
				accepted++
			default:
				shed++
				wantProblem(t, w, http.StatusServiceUnavailable, codeOverloaded)
				if w.Header().Get("Retry-After") != "1" {
					t.Error("no Retry-After")
				}
			}
		}
		if accepted != 50 || shed != 30 {
			t.Errorf("%d accepted and %d shed, want 50 and 30", accepted, shed)
		}
		if w := b.do(post(cloudEvent("later"))); w.Code != http.StatusAccepted {
			t.Errorf("afterwards: status = %d", w.Code)
		}
	})
}

// What can never wait for SNS, as it is more than all that may, is not told to
// come again.
func TestEvents_MoreThanEverFits_IsTooLarge(t *testing.T) {
	b := setup(t, func(c *Config) { c.MaxBodyBytes, c.MaxBufferedBytes, c.Limits.MaxBatch = 100_000, 200_002, 1000 })
	ids := make([]string, 400)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	wantProblem(t, b.do(post(cloudEvents(ids...))), http.StatusRequestEntityTooLarge, codeBodyTooLarge)
	if w := b.do(httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)); w.Code != http.StatusOK {
		t.Errorf("/readyz: status = %d, though nothing waits", w.Code)
	}
	if w := b.do(post(cloudEvents(ids[:200]...))); w.Code != http.StatusAccepted {
		t.Errorf("half of it: status = %d", w.Code)
	}
}

// Bodies that are being read are bounded together, too.
func TestEvents_TooManyBytesAtOnce_Sheds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, func(c *Config) { c.MaxBodyBytes, c.MaxBufferedBytes = 100_000, 200_002 })
		if w := b.do(post(cloudEvent("0"))); w.Code != http.StatusAccepted {
			t.Fatalf("status = %d", w.Code)
		}
		arriving, rest := io.Pipe()
		first := httptest.NewRequest(http.MethodPost, "/v1/events", arriving)
		first.Header.Set("Content-Type", event.MediaTypeEvent)
		done := make(chan *httptest.ResponseRecorder)
		go func() { done <- b.do(first) }()
		_, _ = io.WriteString(rest, cloudEvent("1")+strings.Repeat(" ", 60_000))
		synctest.Wait()

		wantProblem(t, b.do(post(cloudEvent("2")+strings.Repeat(" ", 70_000))), http.StatusServiceUnavailable, codeOverloaded)
		if w := b.do(httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)); w.Code != http.StatusOK {
			t.Errorf("/readyz: status = %d, though what comes whole is taken", w.Code)
		}
		_ = rest.Close()
		if w := <-done; w.Code != http.StatusAccepted {
			t.Errorf("the first request: status = %d; body %s", w.Code, w.Body)
		}
		if w := b.do(post(cloudEvent("2") + strings.Repeat(" ", 70_000))); w.Code != http.StatusAccepted {
			t.Errorf("afterwards: status = %d", w.Code)
		}
		if used := b.buffered(); used != 0 {
			t.Errorf("%d bytes are still held", used)
		}
	})
}
