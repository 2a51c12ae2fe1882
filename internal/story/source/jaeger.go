package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// Jaeger is Jaeger's query API, which VictoriaTraces and others serve, too.
// (Jaeger's documentation, "APIs": /api/traces, and /api/v3/traces.)
type Jaeger struct {
	HTTP

	// Services are those in which a search looks for messages. Without any
	// there is no search: Jaeger wants one.
	Services []string
	// Since bounds a search. Defaults to a day ago.
	Since time.Time
}

// Name says where it is.
func (j Jaeger) Name() string { return "Jaeger at " + j.host() }

// Holds says what it can know.
func (Jaeger) Holds() story.Holding { return story.HoldsSpans }

// Look reads traces by their ids. Without one it searches for the message.
func (j Jaeger) Look(ctx context.Context, c story.Clues) (found story.Found, err error) {
	ids := traceIDs(c.TraceIDs, c.Linked)
	for _, id := range ids {
		spans, err := j.trace(ctx, id)
		found.Spans = append(found.Spans, spans...)
		if err != nil {
			return found, err
		}
	}
	if len(ids) == 0 {
		if err := searchable(c); err != nil {
			return found, err
		}
		if len(c.SQS)+len(c.SNS) > 0 && len(j.Services) == 0 {
			return found, &story.NotAskedError{Why: "it searches for messages in services alone, and there is no description that names them: say -f FILE"}
		}
		found.Spans, err = j.search(ctx, c)
	}
	return found, err
}

func (j Jaeger) trace(ctx context.Context, id string) ([]trace.Span, error) {
	status, body, err := j.get(ctx, "/api/traces/"+id, nil)
	if err != nil {
		return nil, err
	}
	if status == http.StatusOK {
		return parseJaeger(body)
	}
	status, body, err = j.get(ctx, "/api/v3/traces/"+id, nil)
	if err != nil || status != http.StatusOK {
		return nil, err
	}
	spans, _, err := parseOTLP(body) // Jaeger does not say whether that is all
	return spans, err
}

func (j Jaeger) search(ctx context.Context, c story.Clues) (spans []trace.Span, err error) {
	since := orDayAgo(j.Since)
	for _, message := range slices.Concat(c.SQS, c.SNS) {
		tags, err := json.Marshal(map[string]string{"messaging.message.id": message})
		if err != nil {
			return nil, err
		}
		for _, service := range j.Services {
			status, body, err := j.get(ctx, "/api/traces", url.Values{
				"service": {service}, "tags": {string(tags)}, "limit": {"5"},
				"start": {strconv.FormatInt(since.UnixMicro(), 10)}, "end": {strconv.FormatInt(time.Now().UnixMicro(), 10)},
			})
			if err != nil {
				return spans, err
			}
			if status != http.StatusOK {
				continue
			}
			some, err := parseJaeger(body)
			spans = append(spans, some...)
			if err != nil {
				return spans, err
			}
		}
	}
	return spans, nil
}

// What Jaeger's own JSON looks like.
type (
	jaegerAnswer struct {
		Data []struct {
			Spans     []jaegerSpan `json:"spans"`
			Processes map[string]struct {
				ServiceName string      `json:"serviceName"`
				Tags        []jaegerTag `json:"tags"`
			} `json:"processes"`
		} `json:"data"`
	}
	jaegerSpan struct {
		TraceID       string `json:"traceID"`
		SpanID        string `json:"spanID"`
		OperationName string `json:"operationName"`
		ProcessID     string `json:"processID"`
		StartTime     int64  `json:"startTime"` // microseconds
		Duration      int64  `json:"duration"`  // microseconds
		References    []struct {
			RefType string `json:"refType"`
			TraceID string `json:"traceID"`
			SpanID  string `json:"spanID"`
		} `json:"references"`
		Tags []jaegerTag `json:"tags"`
		Logs []struct {
			Timestamp int64       `json:"timestamp"`
			Fields    []jaegerTag `json:"fields"`
		} `json:"logs"`
	}
	jaegerTag struct {
		Key   string `json:"key"`
		Type  string `json:"type"`
		Value any    `json:"value"`
	}
)

// parseJaeger reads an answer with the spans of traces, as parseOTLP does.
func parseJaeger(body []byte) (spans []trace.Span, err error) {
	var answer jaegerAnswer
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("the answer is no trace in Jaeger's JSON: %w", err)
	}
	for _, data := range answer.Data {
		for i := range data.Spans {
			process := data.Processes[data.Spans[i].ProcessID]
			s, bad := data.Spans[i].span()
			if bad != nil {
				err = fmt.Errorf("the answer is no trace in Jaeger's JSON: %w", bad)
				continue
			}
			s.Service, s.Resource = process.ServiceName, tags(process.Tags)
			spans = append(spans, s)
		}
	}
	return spans, err
}

func (j *jaegerSpan) span() (trace.Span, error) {
	s := trace.Span{
		TraceID: pad(j.TraceID, 32), SpanID: pad(j.SpanID, 16), Name: j.OperationName, Links: []trace.Link{},
		Start: time.UnixMicro(j.StartTime).UTC(), End: time.UnixMicro(j.StartTime + j.Duration).UTC(), Attributes: tags(j.Tags),
	}
	for _, given := range []struct {
		id   string
		size int
	}{{s.TraceID, 16}, {s.SpanID, 8}} {
		if _, err := id(given.id, given.size); err != nil {
			return s, err
		}
	}
	for _, r := range j.References {
		if r.RefType == "CHILD_OF" && pad(r.TraceID, 32) == s.TraceID && s.ParentSpanID == "" {
			s.ParentSpanID = pad(r.SpanID, 16)
			continue
		}
		s.Links = append(s.Links, trace.Link{TraceID: pad(r.TraceID, 32), SpanID: pad(r.SpanID, 16)})
	}
	// What OpenTelemetry's mapping makes tags of. (Specification, "OpenTelemetry
	// to Jaeger Transformation".)
	s.Kind = enumeration(take(s.Attributes, "span.kind"), "", "INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
	s.Status = enumeration(take(s.Attributes, "otel.status_code"), "", "", "OK", "ERROR")
	if take(s.Attributes, "error") == "true" {
		s.Status = "ERROR"
	}
	s.StatusText = take(s.Attributes, "otel.status_description")
	for _, l := range j.Logs {
		fields := tags(l.Fields)
		s.Events = append(s.Events, trace.Event{Name: take(fields, "event"), Time: time.UnixMicro(l.Timestamp).UTC(), Attributes: fields})
	}
	return s, nil
}

// pad puts back the leading zeros that Tempo's search and some versions of Jaeger
// leave off.
func pad(id string, size int) string {
	if n := size - len(id); n > 0 {
		id = strings.Repeat("0", n) + id
	}
	return strings.ToLower(id)
}

func take(attributes map[string]any, name string) string {
	v, ok := attributes[name]
	if !ok {
		return ""
	}
	delete(attributes, name)
	return fmt.Sprint(v)
}

func tags(list []jaegerTag) map[string]any {
	m := make(map[string]any, len(list))
	for _, t := range list {
		m[t.Key] = t.Value
		if n, ok := t.Value.(json.Number); ok {
			m[t.Key] = plain(n)
		}
	}
	return m
}

// plain is a whole number if it is one.
func plain(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return f
}
