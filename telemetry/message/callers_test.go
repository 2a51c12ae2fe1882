package message_test

import (
	"context"
	"reflect"
	"testing"

	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// What the caller has set stays, even where no consumer can read it; what it
// keeps out is counted.
func TestInjector_CallersMalformedTraceparent_KeptAndCounted(t *testing.T) {
	t.Parallel()
	for _, malformed := range []sqstypes.MessageAttributeValue{
		sqs("garbage"), sqs("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
		{DataType: new("Binary"), BinaryValue: []byte(traceparent2)},
		{DataType: new("String")},
	} {
		b := setup(t, message.Config{})
		in := map[string]sqstypes.MessageAttributeValue{"traceparent": malformed}
		got, err := b.injector.SQS(full(), in, 0)
		if err != nil || !reflect.DeepEqual(got, in) {
			t.Errorf("the attributes are %v, %v; want them as they were", got, err)
		}
		if _, err = b.injector.SQSBatch(full(), []sqstypes.SendMessageBatchRequestEntry{{MessageAttributes: in}}); err != nil {
			t.Error(err)
		}
		if _, err = b.injector.SQS(context.Background(), in, 0); err != nil {
			t.Error(err)
		}
		want := map[string]int64{
			"context: malformed_traceparent": 2, "tracestate: malformed_traceparent": 2, "baggage: malformed_traceparent": 2,
		}
		if diff := cmp.Diff(want, b.dropped(t)); diff != "" {
			t.Errorf("dropped of two with a context and one without (-want +got):\n%s", diff)
		}
	}
}

// With X-Ray's propagator it is the same of its header, in which nobody finds a
// trace. One that can be read keeps the context out by right.
func TestInjector_CallersXRayHeader_CountedIfMalformed(t *testing.T) {
	t.Parallel()
	propagator := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{})
	for header, want := range map[string]map[string]int64{
		"garbage":                 {"context: malformed_trace_header": 2, "tracestate: malformed_trace_header": 2, "baggage: malformed_trace_header": 2},
		"Root=1-zz;Sampled=1":     {"context: malformed_trace_header": 2, "tracestate: malformed_trace_header": 2, "baggage: malformed_trace_header": 2},
		xrayRoot:                  {},
		xrayRoot + ";Parent=none": {},
	} {
		b := setup(t, message.Config{Propagator: propagator})
		in := map[string]sqstypes.MessageAttributeValue{xray.HeaderName: sqs(header)}
		got, err := b.injector.SQS(full(), in, 0)
		if err != nil || !reflect.DeepEqual(got, in) {
			t.Errorf("%s: the attributes are %v, %v; want them as they were", header, got, err)
		}
		if _, err = b.injector.SQSBatch(full(), []sqstypes.SendMessageBatchRequestEntry{{MessageAttributes: in}}); err != nil {
			t.Error(err)
		}
		if _, err = b.injector.SQS(context.Background(), in, 0); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, b.dropped(t)); diff != "" {
			t.Errorf("%s: dropped of two with a context and one without (-want +got):\n%s", header, diff)
		}
	}
}

const xrayRoot = "Root=1-67891233-abcdef012345678912345678"
