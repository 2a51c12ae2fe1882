package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tracehaul/tracehaul/pipeline"
)

// depth is how many messages a queue has, as SQS counts.
type depth struct {
	waiting int // and delayed ones
	hidden  int // that somebody works on
}

// sight is what the queues of one consumer have.
type sight struct{ queue, dlq, undelivered depth }

// watch is what is seen of the queues while an event is on its way. To look is to
// count: nothing is received.
type watch struct {
	first, last map[string]sight // by consumer
	worked      map[string]bool  // by consumer: whether a message was ever hidden
	err         error            // why a queue could not be seen
}

func newWatch(ctx context.Context, e *exam) *watch {
	w := &watch{worked: map[string]bool{}}
	w.look(ctx, e)
	w.first = w.last
	clear(w.worked) // on what was there before
	return w
}

// look looks again.
func (w *watch) look(ctx context.Context, e *exam) {
	if e.Clients.SQS == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	now := map[string]sight{}
	for _, c := range e.writers() {
		var s sight
		for name, to := range map[string]*depth{c.QueueName(): &s.queue, c.DLQName(): &s.dlq, c.UndeliveredName(): &s.undelivered} {
			attributes, err := e.queue(ctx, name)
			if err != nil {
				w.err = err
				return
			}
			*to = depthOf(attributes)
		}
		now[c.Name] = s
		w.worked[c.Name] = w.worked[c.Name] || s.queue.hidden > 0
	}
	w.last, w.err = now, nil
}

func depthOf(attributes map[string]string) depth {
	count := func(name sqstypes.QueueAttributeName) int {
		n, _ := strconv.Atoi(attributes[string(name)])
		return n
	}
	return depth{
		waiting: count(sqstypes.QueueAttributeNameApproximateNumberOfMessages) + count(sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed),
		hidden:  count(sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
	}
}

func (d depth) all() int { return d.waiting + d.hidden }

// queue asks for all attributes of a queue of the description.
func (e *exam) queue(ctx context.Context, name string) (map[string]string, error) {
	at, err := e.Clients.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		return nil, err
	}
	out, err := e.Clients.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: at.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// noQueue are SQS's codes for a queue that is not there.
var noQueue = []string{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}

// queueOnce is the same for checks: nil if there is no such queue.
func (e *exam) queueOnce(ctx context.Context, name string) (map[string]string, error) {
	return remember(e, "queue "+name, func() (map[string]string, error) {
		attributes, err := e.queue(ctx, name)
		if isCode(err, noQueue...) {
			return nil, nil
		}
		return attributes, err
	})
}

// tell is how many messages are where, for a finding.
func (s sight) tell(c *pipeline.Consumer) string {
	parts := []string{}
	for _, q := range []struct {
		name string
		depth
	}{{c.QueueName(), s.queue}, {c.DLQName(), s.dlq}, {c.UndeliveredName(), s.undelivered}} {
		if q.all() > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d wait, %d are worked on", q.name, q.waiting, q.hidden))
		}
	}
	if len(parts) == 0 {
		return "its queues are empty"
	}
	return strings.Join(parts, "; ")
}
