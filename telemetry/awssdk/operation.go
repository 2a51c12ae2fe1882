package awssdk

import (
	"context"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// kind is what an operation is in terms of the conventions.
type kind uint8

const (
	ordinary kind = iota // an RPC
	send                 // Publish, PublishBatch, SendMessage, SendMessageBatch
	receive              // ReceiveMessage
	settle               // DeleteMessage, DeleteMessageBatch
)

var kindNames = [...]string{send: "send", receive: "receive", settle: "settle"}

// target is what tells operations apart.
type target struct {
	service, method, region string
	address                 string // ARN of a topic, URL of a queue
}

// operation is all that is the same for all calls of an operation on one
// topic or queue. It is made once: attributes of spans are encoded then, and
// each option of a metric is an allocation.
type operation struct {
	kind     kind
	service  string
	spanName string
	start    span.Options // of the kind that the conventions ask for
	asClient span.Options // of a send whose context no message carries

	calls   []metric.RecordOption // without error.type
	records []metric.RecordOption
	adds    []metric.AddOption
	rpc     []attribute.KeyValue // what the options above are made of
	message []attribute.KeyValue
}

// maxKnown bounds how many operations are remembered: a program may have a
// queue for every customer.
const maxKnown = 1000

// operation returns the operation that ctx and address name.
func (i *instrumentation) operation(ctx context.Context, address string, k kind) *operation {
	t := target{
		service: awsmiddleware.GetServiceID(ctx),
		method:  awsmiddleware.GetOperationName(ctx),
		region:  awsmiddleware.GetRegion(ctx),
		address: address,
	}
	i.mu.RLock()
	op := i.known[t]
	i.mu.RUnlock()
	if op != nil {
		return op
	}
	op = newOperation(t, k)
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.known) < maxKnown {
		i.known[t] = op
	}
	return op
}

// rpcSystemAWS is the value of rpc.system.name ("AWS SDK spans").
const rpcSystemAWS = "aws-api"

func newOperation(t target, k kind) *operation {
	op := &operation{
		kind:     k,
		service:  t.service,
		spanName: t.service + "." + t.method,
		rpc: []attribute.KeyValue{
			otelsemconv.RPCSystemNameKey.String(rpcSystemAWS),
			otelsemconv.RPCMethod(t.service + "/" + t.method),
		},
	}
	var attrs []attribute.KeyValue // besides rpc
	switch {
	case t.service == serviceDynamoDB:
		attrs = append(attrs, otelsemconv.DBSystemNameAWSDynamoDB)
	case k != ordinary:
		name, system, where := destination(t)
		op.spanName = kindNames[k]
		op.message = []attribute.KeyValue{
			system,
			otelsemconv.MessagingOperationName(kindNames[k]),
			otelsemconv.MessagingOperationTypeKey.String(kindNames[k]),
		}
		attrs = op.message
		if name != "" {
			op.spanName += " " + name
			op.message = append(op.message, otelsemconv.MessagingDestinationName(name))
			attrs = append(slices.Clip(op.message), where)
		}
	}
	if t.region != "" {
		attrs = append(slices.Clip(attrs), otelsemconv.CloudRegion(t.region))
	}
	op.asClient = span.Options{Kind: trace.SpanKindClient, Shared: span.Share(slices.Concat(op.rpc, attrs)...)}
	op.start = op.asClient
	if k == send {
		op.start = span.Options{Kind: trace.SpanKindProducer, Shared: span.Share(attrs...)}
	}
	op.calls = []metric.RecordOption{metric.WithAttributes(op.rpc...)}
	op.records = []metric.RecordOption{metric.WithAttributes(op.message...)}
	op.adds = []metric.AddOption{metric.WithAttributes(op.message...)}
	return op
}

// destination returns a topic's or queue's name, the system it belongs to,
// and its address as an attribute.
func destination(t target) (name string, system, address attribute.KeyValue) {
	if t.service == "SNS" {
		return t.address[strings.LastIndexByte(t.address, ':')+1:],
			otelsemconv.MessagingSystemAWSSNS, otelsemconv.AWSSNSTopicARN(t.address)
	}
	return t.address[strings.LastIndexByte(t.address, '/')+1:],
		otelsemconv.MessagingSystemAWSSQS, otelsemconv.AWSSQSQueueURL(t.address)
}

func (op *operation) callOptions(failure string) []metric.RecordOption {
	if failure == "" {
		return op.calls
	}
	return []metric.RecordOption{failed(op.rpc, failure)}
}

func (op *operation) recordOptions(failure string) []metric.RecordOption {
	if failure == "" {
		return op.records
	}
	return []metric.RecordOption{failed(op.message, failure)}
}

func (op *operation) addOptions(failure string) []metric.AddOption {
	if failure == "" {
		return op.adds
	}
	return []metric.AddOption{failed(op.message, failure)}
}

func failed(attrs []attribute.KeyValue, failure string) metric.MeasurementOption {
	return metric.WithAttributes(append(slices.Clip(attrs), otelsemconv.ErrorTypeKey.String(failure))...)
}
