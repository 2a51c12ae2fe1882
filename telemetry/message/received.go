package message

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/events"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Received is a message as a consumer wants it, however it came.
type Received struct {
	// Context is the context given, with the remote parent and the baggage
	// that came with the message.
	Context context.Context
	// Source says where the parent was found: one of the
	// semconv.ContextSource values.
	Source string
	// Shape says how the message lay in the queue: one of the
	// semconv.MessageShape values.
	Shape string
	// Body is the payload, taken out of an SNS envelope.
	Body string
	// Attributes are the user's own attributes of types String and Number,
	// without those that carried the context. Nil when there are none.
	Attributes map[string]string
	// MessageID is SQS's id. A redelivery keeps it; a publisher's retry does
	// not.
	MessageID string
	// SNSMessageID and TopicARN are known from an envelope only.
	SNSMessageID, TopicARN string
	// SentAt is SQS's SentTimestamp, PublishedAt the envelope's Timestamp;
	// zero when unknown.
	SentAt, PublishedAt time.Time
	// ReceiveCount is SQS's ApproximateReceiveCount, 1 at the first delivery;
	// 0 when unknown.
	ReceiveCount int
}

// FromLambda reads a message that an SQS event source handed to a function.
func FromLambda(ctx context.Context, m events.SQSMessage) Received { return Received{Context: ctx} }

// FromSQS reads a message that ReceiveMessage returned. Ask SQS for the
// attributes: MessageAttributeNames "All" and MessageSystemAttributeNames
// "All".
func FromSQS(ctx context.Context, m sqstypes.Message) Received { return Received{Context: ctx} }
