package interop_test

import (
	"encoding/base64"
	"maps"
	"reflect"
	"testing"
)

// The same vectors, read by the propagators and by the instrumentation of
// OpenTelemetry JavaScript. Where it does otherwise the vector says so, and a
// difference that is none any more fails, too.

func TestExtract_EveryVector_JavaScriptAgrees(t *testing.T) {
	n := javascript(t)
	for _, v := range vectorsOf[extractVector](t, "extract") {
		t.Run(v.Name, func(t *testing.T) {
			if v.Message.System != nil {
				t.Skip("OpenTelemetry JavaScript reads no system attributes")
			}
			a := ask(t, n, object{"operation": "extract", "propagators": everyPropagator, "message": object{
				"Body": v.Message.Body, "MessageAttributes": inSDK(t, v.Message.Attributes),
			}})
			checkAgrees(t, a.Context, v.Want.parent, v.JavaScript)
		})
	}
}

func TestRequest_EveryVector_JavaScriptAgrees(t *testing.T) {
	n := javascript(t)
	for _, v := range vectorsOf[requestVector](t, "request") {
		t.Run(v.Name, func(t *testing.T) {
			if v.BalancerSpans {
				t.Skip("OpenTelemetry JavaScript knows no spans of load balancers")
			}
			a := ask(t, n, object{"operation": "extract", "propagators": everyPropagator, "headers": v.Headers})
			checkAgrees(t, a.Context, v.Want.parent, v.JavaScript)
		})
	}
}

func TestInject_EveryVector_JavaScriptAgrees(t *testing.T) {
	n := javascript(t)
	for _, v := range vectorsOf[injectVector](t, "inject") {
		t.Run(v.Name, func(t *testing.T) {
			if len(v.Messages) > 1 {
				t.Skip("OpenTelemetry JavaScript looks at one message at a time")
			}
			a := ask(t, n, object{"operation": "inject", "carrier": v.Context.carrier(), "attributes": inSDK(t, v.Messages[0].Attributes)})
			got := values{}
			for name, s := range a.Attributes {
				got[name] = value{s.DataType, s.StringValue}
				if s.BinaryValue != "" {
					got[name] = value{s.DataType, s.BinaryValue}
				}
			}
			ours := v.Messages[0].Attributes
			if v.Refused == nil {
				ours = v.Want[0]
			}
			want := ours
			if v.JavaScript != nil {
				want = v.JavaScript.Attributes
				if maps.Equal(want, ours) && v.Refused == nil {
					t.Error("the vector calls a difference what is none")
				}
			}
			if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("node has the attributes\n%v, want\n%v", got, want)
			}
		})
	}
}

// What docs/propagation.md says to do where a load balancer's header wins.
func TestRequest_JavaScriptWithXRayFirst_LetsTraceparentWin(t *testing.T) {
	n := javascript(t)
	tried := 0
	for _, v := range vectorsOf[requestVector](t, "request") {
		if v.Name != "request-traceparent-wins-over-all-fields" && v.Name != "request-traceparent-malformed" {
			continue
		}
		tried++
		a := ask(t, n, object{"operation": "extract", "propagators": []string{"xray", "tracecontext", "baggage"}, "headers": v.Headers})
		checkAgrees(t, a.Context, v.Want.parent, nil)
	}
	if tried != 2 {
		t.Errorf("%d vectors were tried, want both", tried)
	}
}

// everyPropagator is ours in OTEL_PROPAGATORS.
var everyPropagator = []string{"tracecontext", "baggage", "xray"}

// checkAgrees compares what node understood with the vector.
func checkAgrees(t *testing.T, got span, want parent, otherwise *difference) {
	t.Helper()
	understood := parent{
		TraceID: got.TraceID, ParentSpanID: got.SpanID, Sampling: "undecided", Tracestate: got.Tracestate, Baggage: got.Baggage,
	}
	switch {
	case got.Sampled:
		understood.Sampling = "sampled"
	case got.TraceID != "":
		understood.Sampling = "not_sampled"
	}
	if otherwise != nil {
		if reflect.DeepEqual(*otherwise.Want, want) {
			t.Error("the vector calls a difference what is none")
		}
		want = *otherwise.Want
	}
	if !reflect.DeepEqual(understood, want) {
		t.Errorf("node understands\n%+v, want\n%+v", understood, want)
	}
}

// inSDK are attributes as the SDK of node has them.
func inSDK(t *testing.T, all values) object {
	t.Helper()
	to := object{}
	for name, v := range all {
		if v.Type == "Binary" {
			if _, err := base64.StdEncoding.DecodeString(v.Value); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			to[name] = object{"DataType": v.Type, "BinaryValue": v.Value}
			continue
		}
		to[name] = object{"DataType": v.Type, "StringValue": v.Value}
	}
	return to
}
