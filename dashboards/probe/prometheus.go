package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// prometheus asks a server with Prometheus's HTTP API.
type prometheus struct{ c *Config }

// found is what a query found.
type found struct{ series, points, other int }

// ask runs a query over a time, or at its end.
func (p prometheus) ask(ctx context.Context, query string, s span, instant bool) (found, error) {
	form := url.Values{"query": {query}}
	path := "/api/v1/query"
	if instant {
		form.Set("time", seconds(s.to))
	} else {
		path = "/api/v1/query_range"
		form.Set("start", seconds(s.from.Truncate(s.interval))) // aligned, as Grafana does
		form.Set("end", seconds(s.to.Truncate(s.interval)))
		form.Set("step", strconv.FormatFloat(s.interval.Seconds(), 'f', -1, 64))
	}
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := p.call(ctx, http.MethodPost, path, form, &data); err != nil {
		return found{}, err
	}
	return count(data.ResultType, data.Result)
}

// sample is a time and a number as text.
type sample []json.RawMessage

// count counts what a result holds. ("HTTP API", "Expression query result
// formats", Prometheus documentation.)
func count(kind string, result json.RawMessage) (f found, err error) {
	switch kind {
	case "matrix", "vector":
		var series []struct {
			Value      sample            `json:"value"`
			Values     []sample          `json:"values"`
			Histogram  json.RawMessage   `json:"histogram"`
			Histograms []json.RawMessage `json:"histograms"`
		}
		if err := json.Unmarshal(result, &series); err != nil {
			return f, errGarbled
		}
		f.series = len(series)
		for _, s := range series {
			if s.Value != nil {
				s.Values = append(s.Values, s.Value)
			}
			if s.Histogram != nil {
				s.Histograms = append(s.Histograms, s.Histogram)
			}
			f.points += len(s.Histograms)
			f.other += len(s.Histograms)
			for _, v := range s.Values {
				if err := f.add(v); err != nil {
					return f, err
				}
			}
		}
		return f, nil
	case "scalar":
		var s sample
		if err := json.Unmarshal(result, &s); err != nil {
			return f, errGarbled
		}
		f.series = 1
		return f, f.add(s)
	default:
		return f, fmt.Errorf("the result is of the type %.40q: want series or a number", kind)
	}
}

// errGarbled says that an answer is not what the API answers.
var errGarbled = errors.New("the answer is not one of Prometheus's HTTP API")

func (f *found) add(s sample) error {
	var text string
	if len(s) != 2 || json.Unmarshal(s[1], &text) != nil {
		return errGarbled
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return errGarbled
	}
	if !math.IsNaN(v) {
		f.points++
	}
	if !math.IsNaN(v) && v != 0 {
		f.other++
	}
	return nil
}

// call makes a request and decodes the data of its answer.
func (p prometheus) call(ctx context.Context, method, path string, form url.Values, data any) error {
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	address, body := strings.TrimSuffix(p.c.Prometheus, "/")+path, ""
	if method == http.MethodGet {
		address += "?" + form.Encode()
	} else {
		body = form.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return errors.New("the URL of the Prometheus server cannot be used") // err would show it
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := p.c.HTTPClient.Do(r)
	if err != nil {
		return p.unreachable(ctx, err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, p.c.MaxAnswerBytes+1))
	if err != nil {
		return p.unreachable(ctx, err)
	}
	return p.decode(answer, b, data)
}

func (p prometheus) decode(answer *http.Response, body []byte, data any) error {
	if int64(len(body)) > p.c.MaxAnswerBytes {
		return fmt.Errorf("the answer has more than %d bytes: want a query that finds less", p.c.MaxAnswerBytes)
	}
	var envelope struct {
		Status    string          `json:"status"`
		Data      json.RawMessage `json:"data"`
		ErrorType string          `json:"errorType"`
		Error     string          `json:"error"`
	}
	err := json.Unmarshal(body, &envelope)
	switch {
	case err == nil && envelope.Error != "":
		return fmt.Errorf("%s: %.500s", envelope.ErrorType, envelope.Error)
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("the answer is %s: %.200q", answer.Status, bytes.TrimSpace(body))
	case err != nil || envelope.Status != "success":
		return errGarbled
	}
	if err := json.Unmarshal(envelope.Data, data); err != nil {
		return errGarbled
	}
	return nil
}

// unreachable is an error without the URL, which may hold a password.
func (p prometheus) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("there was no answer within %v", p.c.Timeout)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	return fmt.Errorf("ask Prometheus: %w", err)
}

func seconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}
