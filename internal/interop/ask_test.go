package interop_test

import (
	"slices"
	"strconv"
	"testing"
)

type (
	object  = map[string]any
	carrier = map[string]string
)

// span is a span of node's, or what it understood of a context.
type span struct {
	Name         string            `json:"name"`
	Kind         string            `json:"kind"`
	TraceID      string            `json:"trace_id"`
	SpanID       string            `json:"span_id"`
	ParentSpanID string            `json:"parent_span_id"`
	Sampled      bool              `json:"sampled"`
	Tracestate   string            `json:"tracestate"`
	Baggage      map[string]string `json:"baggage"`
	Links        []span            `json:"links"`
}

type answer struct {
	Error      string                  `json:"error"`
	Spans      []span                  `json:"spans"`
	Messages   int                     `json:"messages"`
	Context    span                    `json:"context"`
	Attributes map[string]sdkAttribute `json:"attributes"`
}

type sdkAttribute struct {
	DataType    string `json:"DataType"`
	StringValue string `json:"StringValue"`
	BinaryValue string `json:"BinaryValue"`
}

// ask has node do something that works.
func ask(t *testing.T, n *node, request object) answer {
	t.Helper()
	var a answer
	if err := n.do(request, &a); err != nil {
		t.Fatal(err)
	}
	if a.Error != "" {
		t.Fatalf("node: %s", a.Error)
	}
	return a
}

// one is the only span of a kind.
func (a answer) one(t *testing.T, kind string) span {
	t.Helper()
	of := slices.DeleteFunc(slices.Clone(a.Spans), func(s span) bool { return s.Kind != kind })
	if len(of) != 1 {
		t.Fatalf("node has %d spans of kind %s, want 1: %+v", len(of), kind, a.Spans)
	}
	return of[0]
}

// text is a message attribute in the words of the SDK.
func text(value string) object { return object{"DataType": "String", "StringValue": value} }

// manyAttributes are n of the publisher's own.
func manyAttributes(n int) object {
	all := object{}
	for i := range n {
		all["own-"+strconv.Itoa(i)] = text("x")
	}
	return all
}
