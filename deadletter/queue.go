package deadletter

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Config says which queue, and how it is read.
type Config struct {
	// SQS is the client. Required.
	SQS *sqs.Client

	// QueueURL is the dead-letter queue; see [Resolve]. Required.
	QueueURL string

	// Undelivered says that the queue belongs to a subscription of SNS: what
	// is in it never reached the consumer's queue. Defaults to false.
	Undelivered bool

	// Visibility is how long a letter is hidden at first from others who read
	// the queue, in whole seconds from 2 seconds to 10 minutes. It is renewed
	// while the letter is held, so this is how long a letter stays hidden when
	// the process is killed. Defaults to 30 seconds.
	Visibility time.Duration

	// MaxHeld bounds the letters that are held at a time. SQS lets 120,000
	// messages of a queue be in flight. Defaults to 20,000.
	MaxHeld int
}

const (
	maxVisibility = 10 * time.Minute
	// callTimeout is how long one call may take, with all its retries.
	callTimeout = 30 * time.Second
)

func (c Config) withDefaults() Config {
	if c.Visibility == 0 {
		c.Visibility = 30 * time.Second
	}
	if c.MaxHeld == 0 {
		c.MaxHeld = 20_000
	}
	return c
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.SQS == nil {
		errs = append(errs, errors.New("SQS is nil; want a client"))
	}
	if c.QueueURL == "" {
		errs = append(errs, errors.New("QueueURL is empty; want the URL of a queue"))
	}
	if c.Visibility < 2*time.Second || c.Visibility > maxVisibility || c.Visibility%time.Second != 0 {
		errs = append(errs, fmt.Errorf("visibility of %v: want whole seconds from 2s to %v", c.Visibility, maxVisibility))
	}
	if c.MaxHeld < 1 || c.MaxHeld > 100_000 {
		errs = append(errs, fmt.Errorf("MaxHeld is %d; want 1 to 100000", c.MaxHeld))
	}
	return errors.Join(errs...)
}

// Queue is a dead-letter queue.
type Queue struct {
	cfg  Config
	info Info
}

// Info is what SQS says of a queue.
type Info struct {
	Name, ARN, URL string

	// Waiting messages can be received, Hidden ones are with somebody,
	// Delayed ones come later. All three are approximate.
	Waiting, Hidden, Delayed int

	// Retention is how long the queue keeps a message, counted from when it
	// was sent: for one that SQS moved from its first arrival in the queue
	// before. (SQS guide, "Dead-letter queues".)
	Retention time.Duration

	// MaxMessageBytes is the largest message that the queue takes.
	MaxMessageBytes int

	// RedrivePolicy is set if this queue has a dead-letter queue itself: then
	// every look counts as a receive, and too many of them move letters on.
	RedrivePolicy string

	// At is when this was true, by the clock of SQS if it told.
	At time.Time
}

// hiddenFrom is how many of the hidden messages whoever has read so many has not
// seen: those beyond what waited were hidden, and came back meanwhile.
func (i Info) hiddenFrom(read int) int {
	return max(0, i.Hidden-max(0, read-i.Waiting))
}

// Open looks at the queue. It refuses a FIFO queue, whose order a redrive
// would break.
func Open(ctx context.Context, c Config) (*Queue, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	c = c.withDefaults()
	info, err := describe(ctx, c.SQS, c.QueueURL)
	if err != nil {
		return nil, err
	}
	return &Queue{cfg: c, info: info}, nil
}

// Info is what SQS said when the queue was opened.
func (q *Queue) Info() Info { return q.info }

func describe(ctx context.Context, client *sqs.Client, url string) (Info, error) {
	name := url[strings.LastIndexByte(url, '/')+1:]
	if strings.HasSuffix(name, ".fifo") {
		return Info{}, fmt.Errorf("queue %s is a FIFO queue: want a standard one, as the order of messages cannot be kept", name)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		return Info{}, fmt.Errorf("queue %s: %w", name, err)
	}
	number := func(a sqstypes.QueueAttributeName) int {
		n, _ := strconv.Atoi(out.Attributes[string(a)]) // SQS writes numbers
		return n
	}
	info := Info{
		Name: name, URL: url, ARN: out.Attributes[string(sqstypes.QueueAttributeNameQueueArn)], At: time.Now(),
		Waiting:         number(sqstypes.QueueAttributeNameApproximateNumberOfMessages),
		Hidden:          number(sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
		Delayed:         number(sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed),
		Retention:       time.Duration(number(sqstypes.QueueAttributeNameMessageRetentionPeriod)) * time.Second,
		MaxMessageBytes: number(sqstypes.QueueAttributeNameMaximumMessageSize),
		RedrivePolicy:   out.Attributes[string(sqstypes.QueueAttributeNameRedrivePolicy)],
	}
	if at, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
		info.At = at.Add(time.Second) // the header has whole seconds, rounded down
	}
	return info, nil
}

// Resolve returns the URL of a queue that is given by its name, ARN or URL.
func Resolve(ctx context.Context, client *sqs.Client, queue string) (string, error) {
	in := &sqs.GetQueueUrlInput{QueueName: &queue}
	switch {
	case strings.Contains(queue, "://"):
		return queue, nil
	case strings.HasPrefix(queue, "arn:"):
		parts := strings.Split(queue, ":")
		if len(parts) != 6 || parts[2] != "sqs" || parts[5] == "" {
			return "", fmt.Errorf("queue %q: want arn:aws:sqs:REGION:ACCOUNT:NAME", queue)
		}
		in.QueueName, in.QueueOwnerAWSAccountId = &parts[5], &parts[4]
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := client.GetQueueUrl(ctx, in)
	if err != nil {
		return "", fmt.Errorf("queue %s: %w", *in.QueueName, err)
	}
	return aws.ToString(out.QueueUrl), nil
}

// Source asks SQS whose dead-letter queue this is and returns that queue's
// URL. It is an error if there is none, as for the queue of a subscription, or
// more than one.
func (q *Queue) Source(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := q.cfg.SQS.ListDeadLetterSourceQueues(ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &q.cfg.QueueURL})
	if err != nil {
		return "", fmt.Errorf("where the letters of %s came from: %w", q.info.Name, err)
	}
	if len(out.QueueUrls) != 1 || out.NextToken != nil {
		return "", fmt.Errorf("%s is the dead-letter queue of %d queues, want exactly one", q.info.Name, len(out.QueueUrls))
	}
	return out.QueueUrls[0], nil
}
