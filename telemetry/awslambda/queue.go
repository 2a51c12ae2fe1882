package awslambda

import (
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// queue is what spans and points of one queue share, made once.
type queue struct {
	name        string
	fifo        bool
	processName string
	waitName    string

	system, destination attribute.KeyValue
	process, wait       *span.Shared          // attributes of all spans of a kind
	dwell               []metric.RecordOption // also of the batch size
	processed           []metric.RecordOption // of what went well
}

const operationProcess = "process"

// newQueue makes the queue of an ARN, which alone tells whether it is FIFO: the
// name is whatever Config.QueueName makes of it.
func newQueue(arn, name string) *queue {
	q := &queue{
		name:        name,
		fifo:        strings.HasSuffix(arn, ".fifo"),
		processName: operationProcess + " " + name,
		waitName:    "wait " + name,
		system:      otelsemconv.MessagingSystemAWSSQS,
		destination: otelsemconv.MessagingDestinationName(name),
	}
	// The outcome is the likely one, and is replaced by another one if need be.
	q.process = span.Share(q.system, q.destination, otelsemconv.MessagingOperationTypeProcess,
		otelsemconv.MessagingOperationName(operationProcess), semconv.OutcomeKey.String(semconv.OutcomeWritten))
	q.wait = span.Share(q.system, q.destination)
	q.dwell = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(q.system, q.destination))}
	q.processed = []metric.RecordOption{metric.WithAttributeSet(q.operation(""))}
	return q
}

// operation is what the conventions ask of the metrics of an operation.
func (q *queue) operation(errorType string) attribute.Set {
	attributes := []attribute.KeyValue{q.system, q.destination, otelsemconv.MessagingOperationName(operationProcess)}
	if errorType != "" {
		attributes = append(attributes, otelsemconv.ErrorTypeKey.String(errorType))
	}
	return attribute.NewSet(attributes...)
}

// outcome is what tells messages apart in the count of outcomes.
func (q *queue) outcome(k outcomeKey) attribute.Set {
	attributes := []attribute.KeyValue{q.system, q.destination, semconv.OutcomeKey.String(k.outcome)}
	if k.reason != "" {
		attributes = append(attributes, semconv.ReasonKey.String(k.reason))
	}
	return attribute.NewSet(attributes...)
}

// queues are the queues that a function was invoked for: one, nearly always.
type queues struct {
	name func(arn string) string
	mu   sync.Mutex
	seen map[string]*queue
}

func (qs *queues) get(arn string) *queue {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	q, ok := qs.seen[arn]
	if !ok {
		q = newQueue(arn, qs.name(arn))
		if qs.seen == nil {
			qs.seen = make(map[string]*queue)
		}
		qs.seen[arn] = q
	}
	return q
}

// queueName is the last part of an ARN, arn:aws:sqs:region:account:name.
func queueName(arn string) string {
	return arn[strings.LastIndexByte(arn, ':')+1:]
}
