package source

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// OTLP's JSON as Tempo and Jaeger write it: ids in hexadecimal digits, as the
// specification wants, or in base64, as protobuf's own JSON does; numbers as
// numbers or as text; enumerations by number or by name.
type (
	otlpTraces struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
		Batches       []otlpResourceSpans `json:"batches"` // of Tempo before /api/v2
		Trace         *otlpTraces         `json:"trace"`   // of Tempo from /api/v2
		Result        *otlpTraces         `json:"result"`  // of Jaeger's /api/v3
		// Of Tempo from /api/v2: PARTIAL if not all of the trace is there, and
		// why. (pkg/tempopb/tempo.proto, TraceByIDResponse.)
		Status  looseText `json:"status"`
		Message string    `json:"message"`
	}
	otlpResourceSpans struct {
		Resource   otlpAttributed `json:"resource"`
		ScopeSpans []struct {
			Spans []otlpSpan `json:"spans"`
		} `json:"scopeSpans"`
	}
	otlpAttributed struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpSpan struct {
		otlpAttributed

		TraceID           string     `json:"traceId"`
		SpanID            string     `json:"spanId"`
		ParentSpanID      string     `json:"parentSpanId"`
		Name              string     `json:"name"`
		Kind              looseText  `json:"kind"`
		StartTimeUnixNano looseText  `json:"startTimeUnixNano"`
		EndTimeUnixNano   looseText  `json:"endTimeUnixNano"`
		Links             []otlpLink `json:"links"`
		Events            []struct {
			otlpAttributed

			Name         string    `json:"name"`
			TimeUnixNano looseText `json:"timeUnixNano"`
		} `json:"events"`
		Status struct {
			Code    looseText `json:"code"`
			Message string    `json:"message"`
		} `json:"status"`
	}
	otlpLink struct {
		otlpAttributed

		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	}
	otlpValue struct{ value any }

	// looseText is a text or a number.
	looseText string
)

func (l *looseText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(l))
	}
	if !bytes.Equal(b, []byte("null")) {
		*l = looseText(b)
	}
	return nil
}

// maxDepth bounds values within values: each level is read anew.
const maxDepth = 200

func (v *otlpValue) UnmarshalJSON(b []byte) error {
	var one struct {
		String *string    `json:"stringValue"`
		Bool   *bool      `json:"boolValue"`
		Int    *looseText `json:"intValue"`
		Double *float64   `json:"doubleValue"`
		Bytes  *string    `json:"bytesValue"`
		Array  *struct {
			Values []otlpValue `json:"values"`
		} `json:"arrayValue"`
		Map *struct {
			Values []otlpAttribute `json:"values"`
		} `json:"kvlistValue"`
	}
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	switch {
	case one.String != nil:
		v.value = *one.String
	case one.Bool != nil:
		v.value = *one.Bool
	case one.Int != nil:
		n, err := strconv.ParseInt(string(*one.Int), 10, 64)
		if err != nil {
			return fmt.Errorf("intValue %q: %w", *one.Int, err)
		}
		v.value = n
	case one.Double != nil:
		v.value = *one.Double
	case one.Bytes != nil:
		v.value = *one.Bytes
	case one.Array != nil:
		list := make([]any, len(one.Array.Values))
		for i := range one.Array.Values {
			list[i] = one.Array.Values[i].value
		}
		v.value = list
	case one.Map != nil:
		v.value = otlpAttributed{one.Map.Values}.attributes()
	}
	return nil
}

func (a otlpAttributed) attributes() map[string]any {
	m := make(map[string]any, len(a.Attributes))
	for _, at := range a.Attributes {
		m[at.Key] = at.Value.value
	}
	return m
}

var errNoTrace = errors.New("the answer is no trace in OTLP's JSON")

// parseOTLP reads an answer with the spans of a trace. Those that can be read
// come with the error about one that cannot. cut is why there are more, if
// the answer says so.
func parseOTLP(body []byte) (spans []trace.Span, cut string, err error) {
	if depth(body) > maxDepth {
		return nil, "", fmt.Errorf("%w: it is nested too deeply", errNoTrace)
	}
	var t otlpTraces
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNoTrace, err)
	}
	if enumeration(string(t.Status), "", "COMPLETE", "PARTIAL") == "PARTIAL" {
		cut = "the answer has a part of the trace alone: " + cmp.Or(t.Message, "it does not say why")
	}
	switch {
	case t.Trace != nil:
		t = *t.Trace
	case t.Result != nil:
		t = *t.Result
	}
	for _, rs := range append(t.ResourceSpans, t.Batches...) {
		resource := rs.Resource.attributes()
		for _, ss := range rs.ScopeSpans {
			for i := range ss.Spans {
				s, bad := ss.Spans[i].span(resource)
				if bad != nil {
					err = fmt.Errorf("%w: %w", errNoTrace, bad)
					continue
				}
				spans = append(spans, s)
			}
		}
	}
	return spans, cut, err
}

// depth is how deeply a document is nested, by its brackets: more than there
// is if texts hold some.
func depth(body []byte) (deepest int) {
	at := 0
	for _, c := range body {
		switch c {
		case '{', '[':
			at++
			deepest = max(deepest, at)
		case '}', ']':
			at--
		}
	}
	return deepest
}

func (s *otlpSpan) span(resource map[string]any) (trace.Span, error) {
	out := trace.Span{
		Name: s.Name, Kind: enumeration(string(s.Kind), "SPAN_KIND_", "", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"),
		Status: enumeration(string(s.Status.Code), "STATUS_CODE_", "", "OK", "ERROR"), StatusText: s.Status.Message,
		Attributes: s.attributes(), Resource: resource, Links: []trace.Link{},
	}
	out.Service, _ = resource["service.name"].(string)
	var errs [5]error
	out.TraceID, errs[0] = id(s.TraceID, 16)
	out.SpanID, errs[1] = id(s.SpanID, 8)
	if s.ParentSpanID != "" {
		out.ParentSpanID, errs[2] = id(s.ParentSpanID, 8)
	}
	out.Start, errs[3] = nanos(string(s.StartTimeUnixNano))
	out.End, errs[4] = nanos(string(s.EndTimeUnixNano))
	if err := errors.Join(errs[:]...); err != nil {
		return out, err
	}
	for _, l := range s.Links {
		traceID, err := id(l.TraceID, 16)
		spanID, err2 := id(l.SpanID, 8)
		if err == nil && err2 == nil { // a link that cannot be followed is no loss
			out.Links = append(out.Links, trace.Link{TraceID: traceID, SpanID: spanID, Attributes: l.attributes()})
		}
	}
	for _, e := range s.Events {
		at, _ := nanos(string(e.TimeUnixNano)) // without a time it is shown, too
		out.Events = append(out.Events, trace.Event{Name: e.Name, Time: at, Attributes: e.attributes()})
	}
	return out, nil
}

// enumeration reads a value by its number, or by its name with or without the
// prefix. The first name is for what is unset or unknown.
func enumeration(v, prefix string, names ...string) string {
	if n, err := strconv.Atoi(v); err == nil {
		if n >= 0 && n < len(names) {
			return names[n]
		}
		return names[0]
	}
	v = strings.ToUpper(strings.TrimPrefix(v, prefix))
	for _, name := range names {
		if v == name {
			return name
		}
	}
	return names[0]
}

// id reads an id of so many bytes.
func id(s string, size int) (string, error) {
	if len(s) == 2*size {
		if _, err := hex.DecodeString(s); err == nil {
			return strings.ToLower(s), nil
		}
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) == size {
		return hex.EncodeToString(b), nil
	}
	return "", fmt.Errorf("id %.40q: want %d bytes in hexadecimal digits or base64", s, size)
}

func nanos(s string) (time.Time, error) {
	if s == "" { // protobuf leaves zeros out
		s = "0"
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, fmt.Errorf("time %.40q: want nanoseconds since 1970", s)
	}
	return time.Unix(0, n).UTC(), nil
}
