// Command albspans is the Lambda function on the bucket of the load balancer's
// access log: it makes a span of each line, from which the service's span
// hangs. See package telemetry/albspan and docs/albspans.md.
//
// S3 invokes it with the files that are new. Whatever a file holds, it is read
// to its end: bad lines are counted and told of. A file that cannot be read, or
// spans that could not be delivered, fail the invocation, and Lambda tries
// again; the ids are the same each time.
//
// It reads ALB_SERVICE_NAME, LOG_LEVEL, and the standard variables OTEL_* and
// AWS_*; `albspans help` says what they are for. The sampler has to be the
// service's.
//
// Bad settings end it when it starts.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tracehaul/tracehaul/internal/lambdamain"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

func main() { lambdamain.Main("albspans", variables, os.Getenv, build) }

// build puts the function together. It calls nobody.
func build(ctx context.Context, getenv func(string) string) (handler any, c awslambda.Config, err error) {
	set, err := settingsFrom(getenv)
	if err != nil {
		return nil, c, fmt.Errorf("bad settings:\n%w", err)
	}
	f, err := lambdamain.Setup(ctx, getenv, set.telemetry, version)
	if err != nil {
		return nil, c, err
	}
	balancer, err := balancerTelemetry(ctx, set, f)
	if err != nil {
		return nil, c, err
	}
	client := s3.NewFromConfig(f.AWS, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
	r, err := newReader(client, balancer, f.Telemetry)
	if err != nil {
		return nil, c, err
	}
	c = f.Lambda(c)
	own := c.Shutdown
	c.Shutdown = func(ctx context.Context) error { return errors.Join(balancer.Shutdown(ctx), own(ctx)) }
	return awslambda.Wrap(func(ctx context.Context, e events.S3Event) (struct{}, error) {
		return struct{}{}, r.handle(ctx, e)
	}, c), c, nil
}
