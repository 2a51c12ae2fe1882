package awslambda_test

import (
	"slices"
	"testing"

	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

func TestHeaders_AnyCaseEitherField_Found(t *testing.T) {
	t.Parallel()
	type (
		single = map[string]string
		multi  = map[string][]string
	)
	const name = "X-Amzn-Trace-Id"
	for test, tt := range map[string]struct {
		carrier propagation.TextMapCarrier
		want    string
	}{
		"load balancer, HTTP API": {awslambda.Headers(single{"x-amzn-trace-id": "a"}, nil), "a"},
		"REST API":                {awslambda.Headers(single{name: "a"}, multi{name: {"a"}}), "a"},
		"client's own case":       {awslambda.Headers(single{"X-AMZN-trace-ID": "a"}, nil), "a"},
		"multi-value alone":       {awslambda.Headers(nil, multi{"x-amzn-trace-id": {"a"}}), "a"},
		"several values":          {awslambda.Headers(single{name: "b"}, multi{name: {"a", "b"}}), "a,b"},
		"no value":                {awslambda.Headers(single{name: "a"}, multi{name: {}}), "a"},
		"two spellings":           {awslambda.Headers(single{"x-amzn-trace-id": "b", name: "a"}, nil), "a"},
		"another name":            {awslambda.Headers(single{"x-amzn-trace": "a"}, nil), ""},
		"no headers":              {awslambda.Headers(nil, nil), ""},
	} {
		for range 20 { // maps are in no order
			if got := tt.carrier.Get(xray.HeaderName); got != tt.want {
				t.Errorf("%s: %q, want %q", test, got, tt.want)
				break
			}
		}
	}
	keys := awslambda.Headers(single{"a": "1", "b": "2"}, multi{"b": {"2"}, "c": {"3"}}).Keys()
	if slices.Sort(keys); !slices.Equal(keys, []string{"a", "b", "c"}) {
		t.Errorf("the names are %v, want a, b and c", keys)
	}
}
