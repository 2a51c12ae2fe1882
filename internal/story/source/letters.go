package source

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// Letters is a dead-letter queue, which is looked into with package deadletter.
type Letters struct {
	Client *sqs.Client
	// Queue is its name. Required.
	Queue string
	// Undelivered says that it is that of a subscription. Defaults to false.
	Undelivered bool
	// Body keeps the bodies. Defaults to false.
	Body bool
	// Limit bounds the letters that are read: each is received by it, and
	// counts one receive more. Defaults to 100.
	Limit int
}

// defaultLetters is few enough that giving them back looks like no arrivals.
const defaultLetters = 100

// Name says which queue.
func (l Letters) Name() string { return "dead letters in " + l.Queue }

// Mark is what a look does: see [story.Intrusive].
func (l Letters) Mark() string { return "adds to receive counts" }

// Holds says what it can know.
func (Letters) Holds() story.Holding { return story.HoldsMessages }

// Look reads letters until there can be no more of what the clues lead to, and
// gives them back.
func (l Letters) Look(ctx context.Context, c story.Clues) (found story.Found, err error) {
	address, err := deadletter.Resolve(ctx, l.Client, l.Queue)
	if err != nil {
		return found, ofAWS(err)
	}
	q, err := deadletter.Open(ctx, deadletter.Config{SQS: l.Client, QueueURL: address, Undelivered: l.Undelivered})
	if err != nil {
		return found, err
	}
	limit, read := l.Limit, 0
	if limit == 0 {
		limit = defaultLetters
	}
	most := most(c)
	err = q.Each(ctx, limit, nil, func(letter *deadletter.Letter) bool {
		read++
		m := ofLetter(letter, l.Queue)
		if l.Body {
			m.Body = letter.Received.Body
		}
		if matches(&m, c) {
			found.Messages = append(found.Messages, m)
		}
		return most == 0 || len(found.Messages) < most
	})
	all := most > 0 && len(found.Messages) >= most
	if read > 0 {
		found.Notes = append(found.Notes, fmt.Sprintf("To look into %s, at least %s received and given back: each counts one receive more.", l.Queue, letters(read)))
	}
	if read == limit && !all {
		found.Notes = append(found.Notes, fmt.Sprintf("%s may have more than the %s read: the event may be among the others (--dead-letters, or tracehaul dlq show).", l.Queue, letters(limit)))
	}
	return found, err
}

func letters(n int) string {
	if n == 1 {
		return "1 letter was"
	}
	return fmt.Sprintf("%d letters were", n)
}

// most is how many letters of one queue clues can lead to, 0 if nobody knows: a
// queue gets each message of SNS once, a source has an id once, and a trace
// may have any number of events.
func most(c story.Clues) int {
	switch {
	case len(c.SNS) > 0:
		return len(c.SNS)
	case len(c.TraceIDs)+len(c.Subjects) > 0 || slices.ContainsFunc(c.Events, func(e story.EventID) bool { return e.Source == "" }):
		return 0
	}
	return max(len(c.SQS), len(c.Events))
}

func ofLetter(l *deadletter.Letter, queue string) story.Message {
	return story.Message{
		Queue: queue, DeadLetter: true, MessageID: l.MessageID, SNSMessageID: l.Received.SNSMessageID, TraceID: l.TraceID, SpanID: spanOf(l.Received.Context),
		EventSource: l.Event.Source, EventID: l.Event.ID, EventType: l.Event.Type, EventSubject: l.Event.Subject, Problem: l.Problem, Reason: l.Reason, Code: l.Code,
		SentAt: l.SentAt, ReceiveCount: l.ReceiveCount, Redrives: l.Redrives, BodyBytes: len(l.Received.Body),
	}
}

func spanOf(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		return sc.SpanID().String()
	}
	return ""
}

// matches reports whether a message is what the clues lead to.
func matches(m *story.Message, c story.Clues) bool {
	return slices.Contains(c.TraceIDs, m.TraceID) && m.TraceID != "" || slices.Contains(c.SQS, m.MessageID) ||
		m.SNSMessageID != "" && slices.Contains(c.SNS, m.SNSMessageID) || m.EventSubject != "" && slices.Contains(c.Subjects, m.EventSubject) ||
		m.EventID != "" && slices.ContainsFunc(c.Events, func(e story.EventID) bool { return e.Is(m.EventSource, m.EventID) })
}

// OfQueue is a message that lies in a queue, as a consumer would read it. It
// returns false for one that the clues do not lead to.
func OfQueue(ctx context.Context, queue string, m sqstypes.Message, c story.Clues, body bool) (story.Message, bool) {
	r := message.FromSQS(ctx, m)
	out := story.Message{
		Queue: queue, MessageID: r.MessageID, SNSMessageID: r.SNSMessageID, SpanID: spanOf(r.Context), SentAt: r.SentAt, ReceiveCount: r.ReceiveCount, BodyBytes: len(r.Body),
	}
	if sc := trace.SpanContextFromContext(r.Context); sc.IsValid() {
		out.TraceID = sc.TraceID().String()
	}
	if e, err := event.ParseString(r.Body); err != nil {
		out.Problem = err.Error()
	} else {
		out.EventSource, out.EventID, out.EventType, out.EventSubject = e.Source, e.ID, e.Type, e.Subject
	}
	if body {
		out.Body = r.Body
	}
	return out, matches(&out, c)
}
