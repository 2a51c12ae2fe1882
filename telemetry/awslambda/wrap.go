package awslambda

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Wrap returns a handler that runs h in an invocation span, measures it, and
// flushes before it returns. What h returns is returned as it is; a panic goes
// on after it has been recorded.
//
// An invocation that still runs half of Config.DeadlineMargin before Lambda's
// deadline is ended and flushed as one that timed out: Lambda would kill it and
// all that was known of it. If it returns all the same, what has ended since is
// flushed in the time that is left, if there is any.
func Wrap[In, Out any](h func(context.Context, In) (Out, error), c Config) func(context.Context, In) (Out, error) {
	f := newFunction(c)
	return func(ctx context.Context, in In) (out Out, err error) {
		c := f.call(ctx, triggerOf(in))
		ctx = withoutLocalSpan(ctx)
		if f.Parent != nil {
			ctx = f.Parent(ctx, in)
		}
		inv := f.begin(ctx, c)
		if !inv.deadline.IsZero() {
			watchdog := time.AfterFunc(time.Until(inv.deadline.Add(-inv.margin/2)), inv.expire)
			defer watchdog.Stop()
		}
		defer func() {
			v := recover()
			if v != nil {
				// aws-lambda-go reports it and lets the sandbox start anew, whatever
				// comes of the flush.
				defer panic(v)
			}
			if !inv.end(err, recovered(v)) {
				inv.flushAgain()
			}
		}()
		return h(inv.ctx, in)
	}
}

// loaded is about when the program started.
var loaded = time.Now()

// sigtermTimeout bounds Config.Shutdown. AWS Lambda Developer Guide,
// "Lambda execution environment lifecycle", Shutdown phase: 500 ms with an
// internal extension, then SIGKILL.
const sigtermTimeout = 400 * time.Millisecond

// Start runs the function: handler is what Wrap, SQSBatch or SQSEach returned.
// It calls Config.Shutdown when Lambda shuts the sandbox down, and does not
// return.
func Start(handler any, c Config, options ...lambda.Option) {
	c = c.WithDefaults()
	if c.Shutdown != nil {
		onSIGTERM(c.shutDown)
		Register()
	}
	if err := registered(); err != nil {
		c.Logger.Warn("Lambda may end the process without SIGTERM", slog.Any("error", err))
	}
	sandbox.initialised.Store(int64(time.Since(loaded)))
	lambda.StartWithOptions(handler, options...)
}

func (c Config) shutDown() {
	ctx, cancel := context.WithTimeout(context.Background(), min(c.FlushTimeout, sigtermTimeout))
	defer cancel()
	if err := c.Shutdown(ctx); err != nil {
		c.Logger.Warn("telemetry was not shut down", "error", err)
	}
}
