package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	attemptTimeout  = 10 * time.Second // one request
	maxPause        = 8 * time.Second  // between two attempts, unless the other side wants more
	maxAnswerBytes  = 64 << 10
	defaultSendTime = 30 * time.Second // for all attempts, where the context has no deadline
)

// deliveryError is why a destination was not told.
type deliveryError struct {
	code      string // a short, fixed word or Slack's own
	text      string // what was wrong and, if it is known, what would be right
	temporary bool   // it may pass by itself
	auth      bool   // a newer secret may help
	ambiguous bool   // the other side may have done it all the same
	after     time.Duration
}

func (e *deliveryError) Error() string { return e.text }

func isTemporary(err error) bool {
	var e *deliveryError
	return errors.As(err, &e) && e.temporary
}

func isAuth(err error) bool {
	var e *deliveryError
	return errors.As(err, &e) && e.auth
}

func isAmbiguous(err error) bool {
	var e *deliveryError
	return errors.As(err, &e) && e.ambiguous
}

// afterOf is how long the other side wants to be left alone.
func afterOf(err error) time.Duration {
	if e := (*deliveryError)(nil); errors.As(err, &e) {
		return e.after
	}
	return 0
}

func codeOf(err error) string {
	if e := (*deliveryError)(nil); errors.As(err, &e) {
		return e.code
	}
	return "error"
}

// newHTTPClient follows no redirects: none of the destinations has any, and a
// token is not for others.
func newHTTPClient() *http.Client {
	return &http.Client{
		Timeout:       attemptTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends JSON once and returns the body of a 2xx answer.
func post(ctx context.Context, client *http.Client, address, bearer string, body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(b))
	if err != nil {
		return nil, &deliveryError{code: "bad_address", text: "the address is none", auth: true} // it may be a secret
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	return do(client, req)
}

func do(client *http.Client, req *http.Request) ([]byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, &deliveryError{code: "connection", text: "no answer: " + withoutAddress(err), temporary: true, ambiguous: !isUnsent(err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return answer, &deliveryError{
			code: strconv.Itoa(status), text: "answered " + resp.Status, temporary: true, after: retryAfter(resp.Header.Get("Retry-After")),
			ambiguous: status >= 500,
		}
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return answer, &deliveryError{code: strconv.Itoa(status), text: "answered " + resp.Status + ": put a valid secret into Secrets Manager", auth: true}
	case status < 200 || status > 299:
		return answer, &deliveryError{code: strconv.Itoa(status), text: "answered " + resp.Status}
	case err != nil:
		return nil, &deliveryError{code: "connection", text: "the answer broke off", temporary: true, ambiguous: true}
	}
	return answer, nil
}

// isUnsent reports whether there was no connection to send anything over.
func isUnsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// refusal adds to an error that does not pass what the answer says of it.
func refusal(err error, answer []byte, c credential) error {
	e, ok := err.(*deliveryError) //nolint:errorlint // it comes straight from post
	if !ok || e.temporary {
		return err
	}
	for _, reason := range reasons(answer) {
		e.text += "; " + shorten(c.redact(reason), 200)
	}
	return e
}

// reasons are the texts of an answer such as {"message": ..., "errors": ...},
// where errors are texts (PagerDuty) or have a message each (incident.io).
func reasons(answer []byte) []string {
	var body struct {
		Message string            `json:"message"`
		Errors  []json.RawMessage `json:"errors"`
	}
	_ = json.Unmarshal(answer, &body) // there may be none
	list := []string{body.Message}
	for _, raw := range body.Errors[:min(len(body.Errors), 5)] {
		var one struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(raw, &one) != nil {
			_ = json.Unmarshal(raw, &one.Message)
		}
		list = append(list, one.Message)
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// withoutAddress drops the address from an error of net/http: it may be a
// secret.
func withoutAddress(err error) string {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// retryAfter reads Retry-After in seconds, which is what these services send.
func retryAfter(value string) time.Duration {
	seconds, err := strconv.Atoi(value)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}

// retry calls send until it succeeds, fails for good, or the next attempt would
// begin after the end of ctx. See [pauseAfter] for the pauses; they double.
func retry(ctx context.Context, first time.Duration, send func(context.Context) error) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultSendTime)
		defer cancel()
	}
	deadline, _ := ctx.Deadline()
	pause := first
	for attempt := 1; ; attempt++ {
		err := send(ctx)
		if err == nil || !isTemporary(err) {
			return err
		}
		wait := pauseAfter(err, pause)
		if time.Until(deadline) <= wait || !sleep(ctx, wait) {
			return fmt.Errorf("gave up at attempt %d, to be tried again later: %w", attempt, err)
		}
		pause = min(2*pause, maxPause)
	}
}

// pauseAfter is at least half of a pause and at most all of it; if the other side
// asks for a time, that comes before. Chance keeps apart those that failed at
// once.
func pauseAfter(err error, pause time.Duration) time.Duration {
	after := afterOf(err)
	if after == 0 {
		after, pause = pause/2, pause/2
	}
	return after + rand.N(pause+1) //nolint:gosec // no secret
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
