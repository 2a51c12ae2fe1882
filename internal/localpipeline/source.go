//go:build unix

package localpipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// Accepted is what the service answers to one event.
type Accepted struct {
	ID      string `json:"id"`
	TraceID string `json:"trace_id"`
}

// Latest returns at most n traces, the newest first.
func (l *Local) Latest(n int) []*trace.Trace { return l.telemetry.Latest(n) }

// Trace returns the spans of one trace, and those of others that it links to.
// The trace is empty if nothing of it is kept.
func (l *Local) Trace(id string) (*trace.Trace, []trace.Span) {
	return trace.New(id, l.telemetry.Spans(id)), l.telemetry.Linked(id)
}

// WaitTrace waits until a trace is whole by [CheckTrace], or ctx ends. In any
// case it returns what is there.
func (l *Local) WaitTrace(ctx context.Context, id string) (*trace.Trace, []trace.Span, error) {
	for {
		changed := l.telemetry.Changed()
		t, linked := l.Trace(id)
		err := CheckTrace(t, linked)
		if err == nil {
			return t, linked, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return t, linked, fmt.Errorf("trace %s is not whole: %w", id, err)
		}
	}
}

// AccessLog returns the load balancer's lines about a trace: those whose Root
// is the trace's id, or is in the header that a span of the trace has kept
// because the client's traceparent won.
func (l *Local) AccessLog(traceID string) []string {
	roots := map[string]bool{traceID: true}
	for _, s := range l.telemetry.Spans(traceID) {
		header, _ := s.Attributes[string(semconv.AmznTraceIDKey)].(string)
		if id, ok := rootOf(header); ok {
			roots[id] = true
		}
	}
	var lines []string
	for _, e := range l.balancer.AccessLog() {
		if id, ok := rootOf(e.TraceHeader); ok && roots[id] {
			lines = append(lines, e.Line)
		}
	}
	return lines
}

// TraceHeader returns the X-Amzn-Trace-Id that the load balancer gave a trace.
func (l *Local) TraceHeader(traceID string) string {
	for _, e := range l.balancer.AccessLog() {
		if id, ok := rootOf(e.TraceHeader); ok && id == traceID {
			return e.TraceHeader
		}
	}
	return ""
}

// rootOf is the trace id in a header's Root.
func rootOf(header string) (string, bool) {
	h, err := xray.Parse(header)
	if err != nil {
		return "", false
	}
	return h.Root.String(), h.Root.IsValid()
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// Send posts an event to the load balancer and returns the service's answer.
// Without a header, it goes as plain JSON.
func (l *Local) Send(ctx context.Context, body []byte, header http.Header) (Accepted, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.addresses.ALB+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return Accepted{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	maps.Copy(r.Header, header)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return Accepted{}, fmt.Errorf("send an event: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Accepted{}, fmt.Errorf("send an event: %w", err)
	}
	var a Accepted
	if response.StatusCode != http.StatusAccepted {
		return a, fmt.Errorf("send an event: the answer is %s: %s", response.Status, strings.TrimSpace(string(answer)))
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return a, fmt.Errorf("send an event: %w", err)
	}
	return a, nil
}

// ExampleEvent is the data of an order, as plain JSON.
func ExampleEvent(now time.Time) []byte {
	return fmt.Appendf(nil, `{"order":"o-%d","customer":"c-42","items":[{"sku":"tea","count":2}],"total":{"amount":"19.90","currency":"EUR"}}`, now.UnixMilli())
}
