package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// parseLine reads a line as a program of ours writes it, slog's JSON, or as
// text.
func parseLine(at, message, group string) story.Log {
	l := story.Log{Text: strings.TrimSpace(message), Service: groupOf(group)}
	// "2026-11-26 08:09:59.426", by Insights.
	l.Time, _ = time.Parse("2006-01-02 15:04:05.000", at) // zero if there is none
	object := map[string]any{}
	dec := json.NewDecoder(strings.NewReader(message))
	dec.UseNumber()
	if dec.Decode(&object) != nil {
		return l
	}
	if precise, err := time.Parse(time.RFC3339Nano, textOf(object, "time", "timestamp")); err == nil {
		l.Time = precise.UTC()
	}
	l.Severity = textOf(object, "level", "severity")
	l.Text = textOf(object, "msg", "message")
	l.TraceID, l.SpanID = textOf(object, "trace_id"), textOf(object, "span_id")
	if service := textOf(object, "service.name"); service != "" {
		l.Service = service
	}
	l.Attributes = map[string]any{}
	for name, v := range object {
		if n, ok := v.(json.Number); ok {
			v = plain(n)
		}
		if !ofResource(name) {
			l.Attributes[name] = v
		}
	}
	return l
}

// ofResource reports whether every line of the process has it.
func ofResource(name string) bool {
	for _, prefix := range []string{"service.", "deployment.", "cloud.", "faas.", "aws.", "host.", "telemetry.", "process.", "container."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "trace_flags"
}

// textOf takes the first field that is there out of an object.
func textOf(object map[string]any, names ...string) string {
	for _, name := range names {
		if s, ok := object[name].(string); ok {
			delete(object, name)
			return s
		}
	}
	return ""
}

// groupOf is the name in "account:group".
func groupOf(log string) string {
	_, group, ok := strings.Cut(log, ":")
	if !ok {
		group = log
	}
	return group[strings.LastIndexByte(group, '/')+1:]
}

// xraySpan is a line of aws/spans: a span in the names of OpenTelemetry, with
// attributes as plain objects.
type xraySpan struct {
	TraceID           string         `json:"traceId"`
	SpanID            string         `json:"spanId"`
	ParentSpanID      string         `json:"parentSpanId"`
	Name              string         `json:"name"`
	Kind              looseText      `json:"kind"`
	StartTimeUnixNano looseText      `json:"startTimeUnixNano"`
	EndTimeUnixNano   looseText      `json:"endTimeUnixNano"`
	Attributes        map[string]any `json:"attributes"`
	Resource          struct {
		Attributes map[string]any `json:"attributes"`
	} `json:"resource"`
	Status struct {
		Code    looseText `json:"code"`
		Message string    `json:"message"`
	} `json:"status"`
	Links []struct {
		TraceID    string         `json:"traceId"`
		SpanID     string         `json:"spanId"`
		Attributes map[string]any `json:"attributes"`
	} `json:"links"`
	Events []struct {
		Name         string         `json:"name"`
		TimeUnixNano looseText      `json:"timeUnixNano"`
		Attributes   map[string]any `json:"attributes"`
	} `json:"events"`
}

func parseXRay(line []byte) (trace.Span, error) {
	var x xraySpan
	dec := json.NewDecoder(strings.NewReader(string(line)))
	dec.UseNumber()
	if err := dec.Decode(&x); err != nil {
		return trace.Span{}, fmt.Errorf("it is no JSON: %w", err)
	}
	s := trace.Span{
		Name: x.Name, Kind: enumeration(string(x.Kind), "SPAN_KIND_", "INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"),
		Status: enumeration(string(x.Status.Code), "STATUS_CODE_", "", "OK", "ERROR"), StatusText: x.Status.Message,
		Attributes: plainAll(x.Attributes), Resource: plainAll(x.Resource.Attributes), Links: []trace.Link{},
	}
	s.Service, _ = s.Resource["service.name"].(string)
	var errs [4]error
	s.TraceID, errs[0] = id(strings.ReplaceAll(x.TraceID, "-", ""), 16)
	s.SpanID, errs[1] = id(x.SpanID, 8)
	s.Start, errs[2] = nanos(string(x.StartTimeUnixNano))
	s.End, errs[3] = nanos(string(x.EndTimeUnixNano))
	if err := errors.Join(errs[:]...); err != nil {
		return s, err
	}
	s.ParentSpanID, _ = id(x.ParentSpanID, 8) // a root has none, or zeros
	if strings.Trim(s.ParentSpanID, "0") == "" {
		s.ParentSpanID = ""
	}
	for _, l := range x.Links {
		s.Links = append(s.Links, trace.Link{TraceID: l.TraceID, SpanID: l.SpanID, Attributes: plainAll(l.Attributes)})
	}
	for _, e := range x.Events {
		at, _ := nanos(string(e.TimeUnixNano)) // without a time it is shown, too
		s.Events = append(s.Events, trace.Event{Name: e.Name, Time: at, Attributes: plainAll(e.Attributes)})
	}
	return s, nil
}

func plainAll(attributes map[string]any) map[string]any {
	for name, v := range attributes {
		switch v := v.(type) {
		case json.Number:
			attributes[name] = plain(v)
		case map[string]any:
			plainAll(v)
		}
	}
	return attributes
}
