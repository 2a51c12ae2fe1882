package main

import (
	"testing"

	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestCountSpans_Request_CountsThoseOfAllScopes(t *testing.T) {
	spans := func(n int) (all []*tracepb.Span) {
		for range n {
			all = append(all, &tracepb.Span{Name: "process orders", Attributes: nil})
		}
		return all
	}
	request, err := proto.Marshal(&collectortrace.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{
		{ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans(3)}, {Spans: spans(2)}}, SchemaUrl: "https://opentelemetry.io/schemas/1.43.0"},
		{},
		{ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans(1)}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := countSpans(request); got != 6 {
		t.Errorf("%d spans, want 6", got)
	}
	if got := countSpans(request[:len(request)-1]); got >= 0 {
		t.Errorf("%d spans in half a request, want a refusal", got)
	}
}
