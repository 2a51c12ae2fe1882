package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

type dlqCmd struct {
	Ls      dlqLsCmd      `cmd:"" help:"List dead letters by cause: how many, how old, and one of each with its trace."`
	Show    dlqShowCmd    `cmd:"" help:"Show letters in full: attributes, trace, event; the body only if asked for."`
	Redrive dlqRedriveCmd `cmd:"" help:"Send letters back to where they came from. None is deleted before the other queue has it."`
	Drop    dlqDropCmd    `cmd:"" help:"Delete letters, with a copy of them in a file."`
}

const dlqHelp = "The queue is the dead-letter queue of a consumer (-f, -e, -c), with --undelivered that of its subscription, or the one that --queue names. " +
	"Credentials come from the standard AWS_* variables. While tracehaul up keeps the pipeline running on this machine, its queues are meant, unless -e, --sqs-endpoint or --no-local is given. " +
	"To look into a queue is to receive from it: letters are hidden from others meanwhile and given back, and each look adds one to their receive count."

// dlqFlags say which queue.
type dlqFlags struct {
	pipelineFlags
	jsonFlag
	Consumer    string   `complete:"consumer"                                                                                                                                                          help:"The consumer whose letters are meant. Defaults to the only one."                placeholder:"NAME"     short:"c" xor:"queue"`
	Queue       string   `complete:"dlq"                                                                                                                                                               help:"A dead-letter queue by name, URL or ARN, in place of a consumer's."             placeholder:"QUEUE"    short:"q" xor:"queue"`
	Undelivered bool     `help:"Take the queue of the subscription: what SNS could not deliver to the consumer's queue."                                                                               short:"u"`
	Local       *bool    `help:"Whether to take the queues of the pipeline that tracehaul up keeps running. Defaults to whether one of the description runs, if nothing else says where the queue is." negatable:""`
	SQSEndpoint string   `env:"AWS_ENDPOINT_URL_SQS"                                                                                                                                                   help:"The address of SQS, if it is not AWS's."                                        placeholder:"URL"`
	Visibility  duration `default:"30s"                                                                                                                                                                help:"How long letters stay hidden if this process is killed. Renewed while it runs." placeholder:"DURATION"`
}

// dlqFilter says which letters.
type dlqFilter struct {
	Reason []string `complete:"reason"                                                               help:"Letters of this reason: malformed, refused, unsettled, undelivered, function, unknown." placeholder:"REASON"`
	Code   []string `help:"Letters with this code, such as 23505. Can be repeated."                  placeholder:"CODE"                                                                            sep:"none"`
	Event  []string `help:"The letter with this event id. Can be repeated."                          placeholder:"ID"                                                                              sep:"none"`
	Trace  []string `help:"Letters of this trace: its id, or the Root of X-Amzn-Trace-Id."           placeholder:"ID"`
	Since  moment   `help:"Letters sent since then: a time (RFC 3339), or how long ago, such as 2h." placeholder:"TIME"`
	Until  moment   `help:"Letters sent before then."                                                placeholder:"TIME"`
}

func (f dlqFilter) filter() (deadletter.Filter, error) {
	traces := make([]string, len(f.Trace))
	for i, given := range f.Trace {
		id := strings.ToLower(given)
		if root, ok := xray.TraceIDFromRoot(strings.TrimPrefix(id, "root=")); ok {
			id = root.String()
		}
		if !story.IsTraceID(id) {
			return deadletter.Filter{}, usageError("--trace %q: want 32 hexadecimal digits, or 1-67891233-abcdef012345678912345678", given)
		}
		traces[i] = id
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until.Time) {
		return deadletter.Filter{}, usageError("--until %s: want a time after --since %s", f.Until.Format(time.RFC3339), f.Since.Format(time.RFC3339))
	}
	return deadletter.Filter{Reasons: f.Reason, Codes: f.Code, Events: f.Event, Traces: traces, Since: f.Since.Time, Until: f.Until.Time}, nil
}

// dlq is the queue that is meant, and whose it is.
type dlq struct {
	*deadletter.Queue

	client   *sqs.Client
	consumer *pipeline.Consumer // nil if the description does not know it
}

func (f dlqFlags) open(ctx context.Context, env environment) (*dlq, error) {
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	name, consumer, undelivered, err := f.which(p)
	if err != nil {
		return nil, err
	}
	d := &dlq{consumer: consumer}
	if d.client, err = f.connect(ctx, env, p); err != nil {
		return nil, err
	}
	address, err := deadletter.Resolve(ctx, d.client, name)
	if err != nil {
		return nil, err
	}
	c := deadletter.Config{SQS: d.client, QueueURL: address, Undelivered: undelivered, Visibility: f.Visibility.Duration}
	if err := c.Validate(); err != nil {
		return nil, codedError{err, exitUsage}
	}
	d.Queue, err = deadletter.Open(ctx, c)
	return d, err
}

// pipeline is the description. For a queue that is named it is that of the
// environment that knows it, if any does.
func (f dlqFlags) pipeline() (*pipeline.Pipeline, error) {
	if f.Queue == "" || f.Environment != "" {
		return f.load()
	}
	if _, err := os.Stat(f.File); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none, and none is needed
	}
	all, err := pipeline.LoadAll(f.File)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if c, _ := f.known(p); c != nil {
			return p, nil
		}
	}
	return nil, nil //nolint:nilnil // none is needed
}

// known is the consumer that a queue that is named belongs to, or nil.
func (f dlqFlags) known(p *pipeline.Pipeline) (c *pipeline.Consumer, undelivered bool) {
	name := f.Queue[strings.LastIndexAny(f.Queue, "/:")+1:]
	for i := range p.Consumers {
		switch c := &p.Consumers[i]; name {
		case c.DLQName():
			return c, f.Undelivered
		case c.UndeliveredName():
			return c, true
		}
	}
	return nil, f.Undelivered
}

// which finds the queue, and the consumer that it belongs to.
func (f dlqFlags) which(p *pipeline.Pipeline) (queue string, c *pipeline.Consumer, undelivered bool, err error) {
	if f.Queue != "" {
		if p == nil {
			return f.Queue, nil, f.Undelivered, nil
		}
		c, undelivered = f.known(p)
		return f.Queue, c, undelivered, nil
	}
	if c, err = consumerNamed(p, f.Consumer, "--consumer "+f.Consumer); err != nil {
		return "", nil, false, err
	}
	if f.Undelivered {
		return c.UndeliveredName(), c, true, nil
	}
	return c.DLQName(), c, false, nil
}

// local is the pipeline on this machine whose queues are meant, as --local says so
// or nothing says where else the queue is; nil for the ones in AWS.
func (f dlqFlags) local(env environment, p *pipeline.Pipeline) (*localstate.State, error) {
	asked := f.Local != nil && *f.Local
	switch {
	case asked && p == nil:
		return nil, usageError("--local: want a queue of the description, whose pipeline runs on this machine")
	case f.Local != nil && !asked || !asked && f.elsewhere(env, p):
		return nil, nil //nolint:nilnil // the ones in AWS
	}
	dir, err := localstate.Dir(env.getenv)
	if err != nil && !asked {
		return nil, nil //nolint:nilnil // no place to find one
	}
	if err != nil {
		return nil, err
	}
	switch s, err := localstate.Named(dir, p.Prefix()); {
	case err != nil:
		return nil, err
	case s != nil && !asked:
		fmt.Fprintf(env.err, "%s runs on this machine, and its queues are meant; --no-local or -e %s is the one in AWS.\n", s.Prefix, p.Environment)
		return s, nil
	case s == nil && asked:
		return nil, notRunning(p)
	default:
		return s, nil
	}
}

// elsewhere reports whether something says that the queue is not on this machine.
func (f dlqFlags) elsewhere(env environment, p *pipeline.Pipeline) bool {
	region, address := place(f.Queue)
	return f.SQSEndpoint != "" || address != "" || region != "" || f.Environment != "" || p == nil || env.getenv("AWS_ENDPOINT_URL") != ""
}

// connect makes a client for the place of the queue.
func (f dlqFlags) connect(ctx context.Context, env environment, p *pipeline.Pipeline) (*sqs.Client, error) {
	s, err := f.local(env, p)
	if err != nil {
		return nil, err
	}
	if s != nil {
		return newLocalSQS(s, p.Region), nil
	}
	region, address := place(f.Queue)
	if region == "" && p != nil {
		region = p.Region
	}
	c, err := loadAWS(ctx, region, 6)
	if err != nil {
		return nil, err
	}
	client := newSQS(c, cmp.Or(f.SQSEndpoint, address))
	return client, checkCredentials(ctx, client.Options().Credentials)
}

// place is the region, or the address if that is not AWS's, of a queue that is
// given by its ARN or URL.
func place(queue string) (region, endpoint string) {
	if parts := strings.Split(queue, ":"); len(parts) == 6 && parts[0] == "arn" {
		return parts[3], ""
	}
	u, err := url.Parse(queue)
	if err != nil || u.Host == "" {
		return "", ""
	}
	if parts := strings.Split(u.Hostname(), "."); len(parts) >= 4 && parts[0] == "sqs" && parts[2] == "amazonaws" {
		return parts[1], ""
	}
	return "", u.Scheme + "://" + u.Host
}

// source is the URL of the queue that letters go back to.
func (d *dlq) source(ctx context.Context, to string) (string, error) {
	switch {
	case to != "":
		return deadletter.Resolve(ctx, d.client, to)
	case d.consumer != nil:
		return deadletter.Resolve(ctx, d.client, d.consumer.QueueName())
	}
	address, err := d.Source(ctx)
	if err != nil {
		return "", usageError("%w; say by --to where the letters are to go", err)
	}
	return address, nil
}
