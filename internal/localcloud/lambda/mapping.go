//go:build unix

package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// SQS is the part of the SDK's client that an event source mapping uses.
type SQS interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// MappingConfig describes an event source mapping, as CreateEventSourceMapping
// does.
type MappingConfig struct {
	// Function is invoked. Required.
	Function *Function

	// Client reads the queue. Required.
	Client SQS

	// QueueURL and QueueARN name the queue. Required.
	QueueURL, QueueARN string

	// BatchSize is the most messages of an invocation: 1 to 10,000, above 10
	// only with a window. Defaults to 10.
	BatchSize int

	// Window is how long messages are gathered: 0 to 300 seconds, whole ones
	// on AWS. Defaults to 0: what one receive returns is a batch.
	Window time.Duration

	// ReportBatchItemFailures makes the function's response say which messages
	// failed. Defaults to false.
	ReportBatchItemFailures bool

	// MaximumConcurrency is the most invocations at once: 2 to 1,000. Defaults
	// to the function's own limit.
	MaximumConcurrency int

	// Report is called after every batch, from several goroutines. Defaults to
	// nothing.
	Report func(Batch)

	// Logger gets the failures of receives and deletes. Defaults to discard.
	Logger *slog.Logger
}

// Batch says how one batch went.
type Batch struct {
	RequestID string
	Messages  int
	Deleted   int   // the others become visible again after the queue's visibility timeout
	Err       error // why the whole batch failed, or why deleting did
}

// Mapping polls a queue and invokes a function with batches of its messages.
type Mapping struct {
	c      MappingConfig
	region string
	slots  chan struct{} // one for each invocation under way
	left   []message     // received, but too much for the batch before
}

const (
	longPoll     = 20 * time.Second // the most that SQS allows, and what Lambda uses
	receiveMost  = 10
	retryAtLeast = 100 * time.Millisecond
	retryAtMost  = 5 * time.Second

	// settleTimeout bounds the deletes after an invocation.
	settleTimeout = 10 * time.Second

	// gatherPause is the time between two receives at the end of a window,
	// when less than a second, the unit of long polling, is left.
	gatherPause = 20 * time.Millisecond
)

// NewMapping makes an event source mapping. Run it.
func NewMapping(c MappingConfig) (*Mapping, error) {
	var errs []error
	if c.Function == nil || c.Client == nil || c.QueueURL == "" {
		errs = append(errs, errors.New("function, client and queue URL are required"))
	}
	arn := strings.Split(c.QueueARN, ":")
	if len(arn) != 6 || arn[0] != "arn" || arn[2] != "sqs" || arn[3] == "" {
		errs = append(errs, fmt.Errorf("queue ARN %q: want arn:aws:sqs:region:account:name", c.QueueARN))
	}
	setDefault(&c.BatchSize, receiveMost)
	if c.BatchSize < 1 || c.BatchSize > 10_000 {
		errs = append(errs, fmt.Errorf("batch size %d: want 1 to 10000", c.BatchSize))
	}
	// "If you set BatchSize to a value greater than 10, you must set
	// MaximumBatchingWindowInSeconds to at least 1" (CreateEventSourceMapping).
	if c.BatchSize > receiveMost && c.Window < time.Second {
		errs = append(errs, fmt.Errorf("batch size %d: above 10 it wants a window of 1s or more", c.BatchSize))
	}
	if c.Window < 0 || c.Window > 300*time.Second {
		errs = append(errs, fmt.Errorf("window %v: want 0 to 5m", c.Window))
	}
	// ScalingConfig: "Valid Range: Minimum value of 2. Maximum value of 1000".
	if c.MaximumConcurrency != 0 && (c.MaximumConcurrency < 2 || c.MaximumConcurrency > 1000) {
		errs = append(errs, fmt.Errorf("maximum concurrency %d: want 2 to 1000", c.MaximumConcurrency))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("lambda: event source mapping: %w", err)
	}
	if c.Report == nil {
		c.Report = func(Batch) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	limit := c.Function.c.Sandboxes * c.Function.c.PerSandbox
	if c.MaximumConcurrency != 0 {
		limit = min(limit, c.MaximumConcurrency)
	}
	return &Mapping{c: c, region: arn[3], slots: make(chan struct{}, limit)}, nil
}

// Run polls until ctx ends, then waits for the batches that the function has.
// Call it once. It returns nil.
func (m *Mapping) Run(ctx context.Context) error {
	var invocations sync.WaitGroup
	defer invocations.Wait()
	for {
		select {
		case m.slots <- struct{}{}: // nothing is received that nobody can take
		case <-ctx.Done():
			return nil
		}
		batch := m.gather(ctx)
		if len(batch) == 0 {
			return nil // ctx has ended
		}
		invocations.Go(func() {
			defer func() { <-m.slots }()
			m.c.Report(m.process(context.WithoutCancel(ctx), batch))
		})
	}
}

// gather waits for messages and returns a batch of them: "Lambda invokes your
// function when one of these is met: the batching window reaches its maximum
// value, the batch size is met, the payload size reaches the maximum of 6 MB"
// ("How Lambda processes records from stream and queue-based event sources"). What does not fit is kept for the next one. It returns
// nothing when ctx ends, unless it has messages already.
func (m *Mapping) gather(ctx context.Context) []message {
	batch := m.take(nil)
	var windowEnd time.Time // set by the first message
	for backOff := retryAtLeast; len(batch) < m.c.BatchSize && len(m.left) == 0; {
		wait := longPoll
		if len(batch) > 0 {
			if windowEnd.IsZero() {
				windowEnd = time.Now().Add(m.c.Window)
			}
			if wait = time.Until(windowEnd); wait <= 0 {
				break
			}
		}
		received, err := m.receive(ctx, m.c.BatchSize-len(batch), wait)
		switch {
		case ctx.Err() != nil:
			return batch
		case err != nil:
			m.c.Logger.WarnContext(ctx, "receive from the queue", "error", err)
			pause(ctx, backOff)
			backOff = min(2*backOff, retryAtMost)
			continue
		case len(received) == 0 && wait < time.Second:
			pause(ctx, min(wait, gatherPause))
		}
		backOff = retryAtLeast
		m.left = append(m.left, received...)
		batch = m.take(batch)
	}
	return batch
}

// take moves messages from those that are left to the batch as long as they
// fit.
func (m *Mapping) take(batch []message) []message {
	size := eventSize(batch)
	for len(m.left) > 0 && len(batch) < m.c.BatchSize {
		size += len(m.left[0].json) + 1
		if len(batch) > 0 && size > maxPayload {
			break
		}
		batch = append(batch, m.left[0])
		m.left = m.left[1:]
	}
	return batch
}

func (m *Mapping) receive(ctx context.Context, most int, wait time.Duration) ([]message, error) {
	out, err := m.c.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &m.c.QueueURL,
		MaxNumberOfMessages:         int32(min(most, receiveMost)),            //nolint:gosec // at most 10
		WaitTimeSeconds:             int32(min(wait, longPoll) / time.Second), //nolint:gosec // at most 20
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	messages := make([]message, 0, len(out.Messages))
	for _, raw := range out.Messages {
		msg, err := newMessage(raw, m.c.QueueARN, m.region)
		if err != nil {
			return nil, err
		}
		messages = append(messages, msg)
	}
	return messages, nil
}

// process invokes the function with a batch and deletes what it has dealt
// with. Messages that failed are left alone: they become visible again when
// the queue's visibility timeout is over.
func (m *Mapping) process(ctx context.Context, batch []message) Batch {
	report := Batch{Messages: len(batch)}
	result, err := m.c.Function.Invoke(ctx, event(batch))
	report.RequestID = result.RequestID
	if err != nil { // "all messages in that batch become visible in the queue again"
		report.Err = err
		return report
	}
	failed := map[string]bool{}
	if m.c.ReportBatchItemFailures {
		if failed, err = failedItems(result.Payload, batch); err != nil {
			report.Err = fmt.Errorf("lambda: invocation %s: %w", result.RequestID, err)
			return report
		}
	}
	var done []message
	for _, msg := range batch {
		if !failed[msg.id] {
			done = append(done, msg)
		}
	}
	report.Deleted, report.Err = m.remove(ctx, done)
	return report
}

// remove deletes messages, ten at a time. One that could not be deleted comes
// again: a function has to bear that.
func (m *Mapping) remove(ctx context.Context, done []message) (deleted int, err error) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for len(done) > 0 {
		n := min(receiveMost, len(done))
		entries := make([]sqstypes.DeleteMessageBatchRequestEntry, n)
		for i, msg := range done[:n] {
			entries[i] = sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(msg.receipt)}
		}
		done = done[n:]
		out, deleteErr := m.c.Client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &m.c.QueueURL, Entries: entries})
		if deleteErr != nil {
			err = errors.Join(err, fmt.Errorf("lambda: delete from the queue: %w", deleteErr))
			continue
		}
		deleted += len(out.Successful)
		for _, f := range out.Failed {
			err = errors.Join(err, fmt.Errorf("lambda: delete from the queue: %s: %s", aws.ToString(f.Code), aws.ToString(f.Message)))
		}
	}
	if err != nil {
		m.c.Logger.WarnContext(ctx, "delete from the queue", "error", err)
	}
	return deleted, err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
