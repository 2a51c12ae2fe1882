package deadletter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/internal/spoilt"
)

// Limits of a message and of a batch. (SQS guide, "Amazon SQS message quotas".)
const (
	maxAttributes = 10
	batchBytes    = 256 << 10 // where the queue does not take more
)

// Attributes of the spans of a redrive.
const (
	redriveIDKey = attribute.Key("tracehaul.redrive.id")
	sentKey      = attribute.Key("tracehaul.redrive.sent")
	failedKey    = attribute.Key("tracehaul.redrive.failed")
	leftKey      = attribute.Key("tracehaul.redrive.left")
)

// sealed is a letter as it goes back.
type sealed struct {
	*Letter

	entry    sqstypes.SendMessageBatchRequestEntry // without its id
	unmarked bool                                  // there was no room for AttributeRedrive
}

// parcel is what one SendMessageBatch carries.
type parcel []sealed

// parcel takes as many of the letters, from the first on, as fit into a batch:
// one at least.
func (r *redrive) parcel(letters []*Letter) (p parcel) {
	size, limit := 0, max(batchBytes, r.report.To.MaxMessageBytes)
	for _, l := range letters {
		s := r.seal(l)
		size += entrySize(s.entry)
		if len(p) == maxEntries || len(p) > 0 && size > limit {
			break
		}
		p = append(p, s)
	}
	return p
}

// entries are named by their position.
func (p parcel) entries() []sqstypes.SendMessageBatchRequestEntry {
	entries := make([]sqstypes.SendMessageBatchRequestEntry, len(p))
	for i, s := range p {
		entries[i] = s.entry
		entries[i].Id = aws.String(strconv.Itoa(i))
	}
	return entries
}

// entrySize is what a message counts for: the body, and name, type and value of
// each attribute. (SQS guide, "Amazon SQS message quotas".)
func entrySize(e sqstypes.SendMessageBatchRequestEntry) int {
	size := len(aws.ToString(e.MessageBody))
	for name, a := range e.MessageAttributes {
		size += attributeSize(name, a)
	}
	return size
}

func attributeSize(name string, a sqstypes.MessageAttributeValue) int {
	return len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
}

// seal takes off why the letter was here, and notes how often it was redriven
// only where there is room: nothing that it came with is dropped for that.
func (r *redrive) seal(l *Letter) sealed {
	e := sqstypes.SendMessageBatchRequestEntry{MessageBody: l.raw.Body, MessageAttributes: maps.Clone(l.raw.MessageAttributes)}
	for _, name := range []string{consumer.AttributeReason, consumer.AttributeCode, consumer.AttributeDropped, AttributeRedrive} {
		delete(e.MessageAttributes, name)
	}
	system := l.raw.Attributes
	if header := system[string(sqstypes.MessageSystemAttributeNameAWSTraceHeader)]; header != "" {
		e.MessageSystemAttributes = map[string]sqstypes.MessageSystemAttributeValue{
			string(sqstypes.MessageSystemAttributeNameForSendsAWSTraceHeader): {DataType: aws.String("String"), StringValue: &header},
		}
	}
	if group := system[string(sqstypes.MessageSystemAttributeNameMessageGroupId)]; group != "" {
		e.MessageGroupId = &group // of a fair queue
	}
	mark := sqstypes.MessageAttributeValue{
		DataType: aws.String("String"), StringValue: aws.String(strconv.Itoa(l.Redrives+1) + " " + r.ID),
	}
	limit := r.report.To.MaxMessageBytes
	if len(e.MessageAttributes) >= maxAttributes || limit > 0 && entrySize(e)+attributeSize(AttributeRedrive, mark) > limit {
		return sealed{l, e, true}
	}
	if e.MessageAttributes == nil {
		e.MessageAttributes = make(map[string]sqstypes.MessageAttributeValue, 1)
	}
	e.MessageAttributes[AttributeRedrive] = mark
	return sealed{l, e, false}
}

// send sends a parcel and deletes what is confirmed. It returns an error if
// going on makes no sense.
func (r *redrive) send(ctx context.Context, p parcel) (err error) {
	ctx, span := r.tracer().Start(ctx, "send "+r.report.To.Name, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithLinks(p.links()...), trace.WithAttributes(append(r.attributes(),
			otelsemconv.MessagingOperationTypeSend, otelsemconv.MessagingOperationName("send"), otelsemconv.MessagingBatchMessageCount(len(p)))...))
	defer func() {
		if err != nil {
			span.SetAttributes(otelsemconv.ErrorTypeKey.String(errorCode(err)))
			span.SetStatus(codes.Error, errorCode(err))
		}
		span.End()
	}()
	call, cancel := context.WithTimeout(ctx, callTimeout)
	out, err := r.reader.q.cfg.SQS.SendMessageBatch(call, &sqs.SendMessageBatchInput{QueueUrl: &r.To, Entries: p.entries()})
	cancel()
	switch {
	case err != nil && spoilt.Batch(err) && len(p) > 1:
		return r.sendOneByOne(ctx, p) // one entry may have spoilt the request for the others
	case err != nil:
		for range p {
			r.fail(err)
		}
		if spoilt.Batch(err) {
			return nil
		}
		// It is not known whether they were sent: they stay.
		return fmt.Errorf("send to %s: %w", r.report.To.Name, err)
	}
	return r.settle(ctx, p, out)
}

func (r *redrive) sendOneByOne(ctx context.Context, p parcel) error {
	for i := range p {
		if err := r.send(ctx, p[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// settle deletes what the other queue has confirmed, nothing else. It returns an
// error if none of that could be deleted: more would only be sent twice.
func (r *redrive) settle(ctx context.Context, p parcel, out *sqs.SendMessageBatchOutput) error {
	sent := make(map[string]bool, len(out.Successful))
	for _, s := range out.Successful {
		sent[aws.ToString(s.Id)] = true
	}
	failures := make(map[string]error, len(out.Failed))
	for _, f := range out.Failed {
		failures[aws.ToString(f.Id)] = &smithy.GenericAPIError{Code: aws.ToString(f.Code), Message: aws.ToString(f.Message)}
	}
	var confirmed []*Letter
	for i, s := range p {
		id := strconv.Itoa(i)
		if !sent[id] {
			err := failures[id]
			if err == nil {
				err = errUnconfirmed
			}
			r.fail(err)
			continue
		}
		if s.unmarked {
			r.report.Unmarked++
		}
		r.found.add(s.Letter)
		r.report.Sent++
		confirmed = append(confirmed, s.Letter)
	}
	left := r.reader.delete(ctx, confirmed)
	r.report.Left += len(left)
	if len(confirmed) > 0 && len(left) == len(confirmed) {
		return fmt.Errorf("%d letters are in both queues: they were sent to %s and could not be deleted from %s, so nothing more was sent: %w",
			len(left), r.report.To.Name, r.report.From.Name, left[confirmed[0].MessageID])
	}
	return nil
}

func (r *redrive) fail(err error) {
	r.report.Failed++
	r.report.Failures[errorCode(err)+": "+errorText(err)]++
}

// links are the traces of the letters.
func (p parcel) links() (links []trace.Link) {
	for _, s := range p {
		if sc := trace.SpanContextFromContext(s.Received.Context); sc.IsValid() {
			links = append(links, trace.Link{SpanContext: sc})
		}
	}
	return links
}

func (r *redrive) tracer() trace.Tracer {
	return r.TracerProvider.Tracer("github.com/tracehaul/tracehaul/deadletter")
}

func (r *redrive) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		otelsemconv.MessagingSystemAWSSQS, otelsemconv.MessagingDestinationName(r.report.To.Name), redriveIDKey.String(r.ID),
	}
}

func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	return "error"
}

func errorText(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorMessage()
	}
	return err.Error()
}
