package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// transport answers each request with the next of its answers, the last one
// for ever.
type transport struct {
	answers  []func(ctx context.Context, request string) (string, error)
	requests []string
	times    []time.Time
}

func (tr *transport) Send(ctx context.Context, request []byte) ([]byte, error) {
	tr.requests = append(tr.requests, string(request))
	tr.times = append(tr.times, time.Now())
	answer := tr.answers[min(len(tr.requests), len(tr.answers))-1]
	response, err := answer(ctx, string(request))
	return []byte(response), err
}

func (*transport) Close() error { return nil }

func ok(context.Context, string) (string, error) { return "", nil }

func fail(err error) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return "", err }
}

func hang(ctx context.Context, _ string) (string, error) {
	<-ctx.Done()
	return "", fmt.Errorf("waiting for the response: %w", ctx.Err())
}

func respond(s string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return s, nil }
}

var (
	errUnavailable = &Error{Reason: semconv.DropUnavailable, Retry: true, Err: errors.New("503 Service Unavailable")}
	errRefused     = &Error{Reason: semconv.DropRefused, Err: errors.New("400 Bad Request")}
	errTooLarge    = &Error{Reason: semconv.DropTooLarge, Err: errors.New("413 Content Too Large")}
)

// uploader uploads letters: an item is a byte, and so is its encoding.
func uploader(tr *transport) (u *Uploader[string], dropped map[string]int) {
	dropped = map[string]int{}
	return &Uploader[string]{
		Signal:    "letters",
		Transport: tr,
		Codec: Codec[string]{
			Append: func(b []byte, items string) []byte { return append(b, items...) },
			Len:    func(items string) int { return len(items) },
			Slice:  func(items string, from, to int) string { return items[from:to] },
		},
		MaxBytes: 1000,
		Dropped:  func(n int, reason string) { dropped[reason] += n },
	}, dropped
}

func TestUpload(t *testing.T) {
	answers := func(a ...func(context.Context, string) (string, error)) []func(context.Context, string) (string, error) {
		return a
	}
	tests := map[string]struct {
		answers  []func(context.Context, string) (string, error)
		items    string
		maxBytes int
		maxItems int
		requests string // of all attempts, split by spaces
		dropped  map[string]int
		wantErr  string
	}{
		"Accepted_SentOnce": {answers: answers(ok), items: "abc", requests: "abc"},
		"Empty_NothingSent": {answers: answers(ok)},
		"UnavailableTwice_Retried": {
			answers: answers(fail(errUnavailable), fail(errUnavailable), ok), items: "abc", requests: "abc abc abc",
		},
		"ConnectionBroken_Retried": {
			answers: answers(fail(errors.New("connection reset")), ok), items: "abc", requests: "abc abc",
		},
		"Refused_DroppedWithoutRetry": {
			answers: answers(fail(errRefused)), items: "abc", requests: "abc",
			dropped: map[string]int{semconv.DropRefused: 3}, wantErr: "letters: 3 dropped: 400 Bad Request",
		},
		"TooLarge_SplitUntilItFits": {
			answers: answers(fail(errTooLarge), ok), items: "abcd", requests: "abcd ab cd",
		},
		"OneItemTooLarge_OthersDelivered": {
			answers: answers(func(_ context.Context, r string) (string, error) {
				if strings.Contains(r, "c") {
					return "", errTooLarge
				}
				return "", nil
			}),
			items: "abcde", requests: "abcde ab cde c de",
			dropped: map[string]int{semconv.DropTooLarge: 1}, wantErr: "letters: 1 dropped: 413",
		},
		"LongerThanMaxBytes_SplitUnsent": {answers: answers(ok), items: "abcdef", maxBytes: 2, requests: "a bc d ef"},
		"OneItemLongerThanMaxBytes_Dropped": {
			answers: answers(ok), items: "ab", maxBytes: 0, requests: "",
			dropped: map[string]int{semconv.DropTooLarge: 2}, wantErr: "1 bytes, and a request holds at most 0",
		},
		"MoreThanMaxItems_SplitUnsent": {answers: answers(ok), items: "abcde", maxItems: 3, requests: "ab cde"},
		"PartialSuccess_RejectedCounted": {
			answers: answers(respond("\x0a\x06\x08\x02\x12\x02no")), items: "abc", requests: "abc",
			dropped: map[string]int{semconv.DropRejected: 2}, wantErr: `the collector rejected them: "no"`,
		},
		"MoreRejectedThanSent_CountedOnce": {
			answers: answers(respond("\x0a\x02\x08\x7f")), items: "abc", requests: "abc",
			dropped: map[string]int{semconv.DropRejected: 3}, wantErr: "rejected",
		},
		"Warning_NothingDropped": {answers: answers(respond("\x0a\x04\x12\x02hm")), items: "abc", requests: "abc"},
		"GarbledResponse_Counted": {
			answers: answers(respond("<html>")), items: "abc", requests: "abc",
			dropped: map[string]int{semconv.DropGarbled: 3}, wantErr: "not OTLP",
		},
		"Hangs_TimesOut": {
			answers: answers(hang), items: "abc", requests: "abc",
			dropped: map[string]int{semconv.DropTimeout: 3}, wantErr: "deadline exceeded",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := &transport{answers: tc.answers}
				u, dropped := uploader(tr)
				if tc.maxBytes != 0 || strings.HasPrefix(name, "OneItemLonger") {
					u.MaxBytes = tc.maxBytes
				}
				u.MaxItems = tc.maxItems
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := u.Upload(ctx, tc.items)
				if (err != nil) != (tc.wantErr != "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("error %q, want %q", err, tc.wantErr)
				}
				if got := strings.Join(tr.requests, " "); got != tc.requests {
					t.Errorf("requests %q, want %q", got, tc.requests)
				}
				if fmt.Sprint(dropped) != fmt.Sprint(tc.dropped) && len(dropped)+len(tc.dropped) > 0 {
					t.Errorf("dropped %v, want %v", dropped, tc.dropped)
				}
			})
		})
	}
}

func TestUpload_CollectorDown_AttemptsBackOffAcrossBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{answers: []func(context.Context, string) (string, error){fail(errors.New("connection refused"))}}
		u, dropped := uploader(tr)
		start := time.Now()
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if err := u.Upload(ctx, "abc"); !Unresponsive(err) {
				t.Errorf("the error %q does not say that the collector is unresponsive", err)
			}
			cancel()
		}
		if dropped[semconv.DropConnection] != 9 {
			t.Errorf("dropped %v, want 9 for the connection", dropped)
		}
		if d := time.Since(start); d < 10*time.Second || d > 30*time.Second {
			t.Errorf("three batches took %v", d)
		}
		for i := 2; i < len(tr.times); i++ {
			wait := tr.times[i].Sub(tr.times[i-1])
			if wait < firstWait/2 || wait > mostWait || i > 6 && wait < mostWait/2 {
				t.Errorf("attempt %d came %v after the one before", i, wait)
			}
		}
	})
}

// An attempt that the end of its time cuts off at once does not make a timeout
// of a connection that is refused; one that hangs does.
func TestUpload_LastAttemptCutOff_ReasonOfTheOneBefore(t *testing.T) {
	for after, want := range map[time.Duration]string{firstWait - 1: semconv.DropConnection, mostWait: semconv.DropTimeout} {
		synctest.Test(t, func(t *testing.T) {
			var end time.Time
			refusedUntilThen := func(ctx context.Context, items string) (string, error) {
				if time.Until(end) <= after {
					return hang(ctx, items)
				}
				time.Sleep(time.Until(end) - after) // then nobody answers any more
				return "", errors.New("connection refused")
			}
			u, dropped := uploader(&transport{answers: []func(context.Context, string) (string, error){refusedUntilThen}})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			end = time.Now().Add(10 * time.Second)
			if err := u.Upload(ctx, "abc"); !Unresponsive(err) || dropped[want] != 3 {
				t.Errorf("%v before the end: %v, dropped %v, want 3 for %s", after, err, dropped, want)
			}
		})
	}
}

func TestUpload_RetryAfter_IsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttled := &Error{Reason: semconv.DropUnavailable, Retry: true, After: 7 * time.Second, Err: errors.New("429")}
		tr := &transport{answers: []func(context.Context, string) (string, error){fail(throttled), ok}}
		u, _ := uploader(tr)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := u.Upload(ctx, "abc"); err != nil {
			t.Fatal(err)
		}
		if wait := tr.times[1].Sub(tr.times[0]); wait != 7*time.Second {
			t.Errorf("the second attempt came after %v, want 7s", wait)
		}
	})
}

func TestUpload_RetryAfterBeyondTimeout_NextBatchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttled := &Error{Reason: semconv.DropUnavailable, Retry: true, After: 12 * time.Second, Err: errors.New("429")}
		tr := &transport{answers: []func(context.Context, string) (string, error){fail(throttled), ok}}
		u, dropped := uploader(tr)
		for _, items := range []string{"abc", "de"} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			start := time.Now()
			err := u.Upload(ctx, items)
			cancel()
			if err == nil || time.Since(start) > 10*time.Second {
				t.Errorf("uploading %q took %v and returned %v", items, time.Since(start), err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := u.Upload(ctx, "fgh"); err != nil {
			t.Errorf("after the pause: %v", err)
		}
		if got := strings.Join(tr.requests, " "); got != "abc fgh" {
			t.Errorf("requests %q, want none within the pause", got)
		}
		if dropped[semconv.DropUnavailable] != 5 {
			t.Errorf("dropped %v, want 5 as unavailable", dropped)
		}
	})
}

func TestUpload_ShutDown_CountedAsSuch(t *testing.T) {
	for name, answer := range map[string]func(context.Context, string) (string, error){"WhileSending": hang, "WhileWaiting": fail(errUnavailable)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u, dropped := uploader(&transport{answers: []func(context.Context, string) (string, error){answer}})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				time.AfterFunc(time.Second, cancel)
				start := time.Now()
				if err := u.Upload(ctx, "abc"); err == nil {
					t.Error("no error")
				}
				if time.Since(start) != time.Second {
					t.Errorf("it took %v to notice", time.Since(start))
				}
				if dropped[semconv.DropShutdown] != 3 {
					t.Errorf("dropped %v, want 3 for the shutdown", dropped)
				}
			})
		})
	}
}

func TestUpload_LargeBatch_BufferIsNotKept(t *testing.T) {
	u, _ := uploader(&transport{answers: []func(context.Context, string) (string, error){ok}})
	u.MaxBytes = 10 << 20
	if err := u.Upload(t.Context(), strings.Repeat("a", 2<<20)); err != nil {
		t.Fatal(err)
	}
	if cap(u.buf) > keptBuffer {
		t.Errorf("a buffer of %d bytes is kept", cap(u.buf))
	}
}

func TestQuote_LongMessage_Cut(t *testing.T) {
	if got := Quote(strings.Repeat("x", 5000)); len(got) > 300 {
		t.Errorf("%d bytes", len(got))
	}
	if got := Quote("line\nbreak"); got != `"line\nbreak"` {
		t.Errorf("got %s", got)
	}
}
