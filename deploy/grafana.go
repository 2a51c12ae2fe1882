package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	grafanaAttempts = 5
	grafanaTimeout  = 10 * time.Second // of one attempt
	grafanaMaxPause = 30 * time.Second // whatever Grafana asks for
	grafanaMaxBytes = 1 << 20
)

// grafana calls the API of one Grafana.
type grafana struct {
	address string
	token   string
	client  *http.Client
	sleep   func(context.Context, time.Duration) error
}

func newGrafana(address, token string) (*grafana, error) {
	var errs []error
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, errors.New("address of Grafana: want one such as https://grafana.example.com, without user or query"))
	}
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		errs = append(errs, errors.New("token of Grafana: want that of a service account with annotations:create, annotations:read and annotations:write"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &grafana{
		address: strings.TrimSuffix(address, "/"), token: token, sleep: sleep,
		client: &http.Client{
			Timeout:       grafanaTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for nobody else
		},
	}, nil
}

// grafanaError is an answer that is no success.
type grafanaError struct {
	text    string
	passing bool
	after   time.Duration // to wait, if Grafana says
}

func (e *grafanaError) Error() string { return e.text }

// call sends one request, and decodes the answer.
func (g *grafana) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	address := g.address + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+g.token)
	request.Header.Set("Accept", "application/json")
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := g.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &grafanaError{text: method + " " + path + ": no answer: " + g.hide(cause(err).Error()), passing: true}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, grafanaMaxBytes))
	if response.StatusCode != http.StatusOK {
		return g.refused(method+" "+path, response, answer)
	}
	if err != nil {
		return &grafanaError{text: method + " " + path + ": the answer broke off", passing: true}
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &grafanaError{text: method + " " + path + ": the answer is not Grafana's: is the address right?"}
	}
	return nil
}

func (g *grafana) refused(call string, response *http.Response, answer []byte) error {
	e := &grafanaError{text: call + " answered " + response.Status}
	var body struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &body) == nil && body.Message != "" {
		e.text += ": " + g.hide(oneLine(body.Message))
	}
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status >= 500:
		e.passing = true
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
			e.after = min(time.Duration(seconds)*time.Second, grafanaMaxPause)
		}
	case status == http.StatusUnauthorized:
		e.text += ": want a valid token"
	case status == http.StatusForbidden:
		e.text += ": the token's service account lacks annotations:create, annotations:read or annotations:write"
	case status/100 == 3:
		e.text += ": redirects are not followed, as the token is for nobody else: want the address that it leads to"
	}
	return e
}

// hide takes the token out of what others say.
func (g *grafana) hide(s string) string { return strings.ReplaceAll(s, g.token, "[token]") }

// cause leaves the address out of an error of net/http.
func cause(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// retry does something until it works, fails for good, or has failed too often.
func (g *grafana) retry(ctx context.Context, do func() error) error {
	pause := time.Second
	for attempt := 1; ; attempt++ {
		err := do()
		if e := (*grafanaError)(nil); err == nil || !errors.As(err, &e) || !e.passing {
			return err
		} else if attempt == grafanaAttempts {
			return fmt.Errorf("after %d attempts: %w", attempt, err)
		} else if err := g.sleep(ctx, max(pause, e.after)); err != nil {
			return err
		}
		pause *= 2
	}
}
