package message

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/propagation"
)

// The carriers below are read by propagators. They let nothing through that
// would cost a propagator more than the W3C specifications ask of it.
const (
	// maxValue is the longest value that is looked at: the limit of W3C
	// Baggage, and more than tracestate or traceparent need.
	maxValue = 8192
	// maxMembers is the number of list members of baggage ("Limits").
	maxMembers = 64
)

// bounded returns the value of an attribute, or nothing when it is none that
// a propagator should see.
func bounded(name, dataType, value string) string {
	if !isText(dataType) || len(value) > maxValue {
		return ""
	}
	// Baggage that is over the limit is ignored as a whole: which members
	// would be left is not for the sender to choose.
	if name == baggageName && strings.Count(value, ",") >= maxMembers {
		return ""
	}
	return value
}

// readAttribute is bounded for an attribute of the SDK's.
func readAttribute(name string, dataType, value *string) string {
	if dataType == nil || value == nil {
		return ""
	}
	return bounded(name, *dataType, *value)
}

// isText tells whether a data type is String or Number, with or without a
// custom label ("Message attribute data types").
func isText(dataType string) bool {
	if dataType == "String" {
		return true // nearly always
	}
	base, _, _ := strings.Cut(dataType, ".")
	return base == "String" || base == "Number"
}

// lambdaAttributes are the attributes of a message from an event source.
type lambdaAttributes map[string]events.SQSMessageAttribute

func (a lambdaAttributes) Get(name string) string {
	v, ok := a[name]
	if !ok || v.StringValue == nil {
		return ""
	}
	return bounded(name, v.DataType, *v.StringValue)
}

func (a lambdaAttributes) Keys() []string   { return names(a) }
func (lambdaAttributes) Set(string, string) {} // read only

// sqsMessageAttributes are the attributes of a message from ReceiveMessage.
type sqsMessageAttributes map[string]sqstypes.MessageAttributeValue

func (a sqsMessageAttributes) Get(name string) string {
	v := a[name]
	return readAttribute(name, v.DataType, v.StringValue)
}

func (a sqsMessageAttributes) Keys() []string   { return names(a) }
func (sqsMessageAttributes) Set(string, string) {} // read only

// envelopeAttributes are the attributes in an SNS envelope.
type envelopeAttributes map[string]envelopeAttribute

type envelopeAttribute struct{ dataType, value string }

func (a envelopeAttributes) Get(name string) string {
	v := a[name]
	return bounded(name, v.dataType, v.value)
}

func (a envelopeAttributes) Keys() []string   { return names(a) }
func (envelopeAttributes) Set(string, string) {} // read only

// layered is an envelope in a message that has attributes of its own, which
// is what a consumer makes that moves messages on, to a dead-letter queue
// say. The outer ones are nearer and win.
type layered struct {
	outer propagation.TextMapCarrier
	inner envelopeAttributes
}

func (l layered) Get(name string) string {
	if v := l.outer.Get(name); v != "" {
		return v
	}
	if name == tracestate && l.outer.Get(traceparent) != "" {
		return "" // the inner one belongs to another parent
	}
	return l.inner.Get(name)
}

func (l layered) Keys() []string   { return append(l.outer.Keys(), l.inner.Keys()...) }
func (layered) Set(string, string) {} // read only

func names[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	return out
}
