// Command notifier is the Lambda function behind the alarm topics: it passes
// on what CloudWatch publishes there to Slack, PagerDuty and incident.io, as
// the routing in the pipeline's description says. See package alarms/notify.
//
// It reads the description that `tracehaul generate` resolved (PIPELINE_FILE),
// SLACK_API_URL, PAGERDUTY_URL, CASES, LOG_LEVEL, and the standard variables
// OTEL_* and AWS_*; `notifier help` says what they are for. Secrets come from
// Secrets Manager.
//
// Bad settings end it when it starts. A destination, table or secret that is
// away does not: its messages come again.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/internal/lambdamain"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

func main() { lambdamain.Main("notifier", variables, os.Getenv, build) }

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
	set.notify.AWS = f.AWS
	set.notify.TracerProvider, set.notify.Logger = f.Telemetry.TracerProvider(), f.Telemetry.Logger()
	notifier, err := notify.New(set.notify)
	if err != nil {
		return nil, c, err
	}
	c = f.Lambda(c)
	return awslambda.Wrap(func(ctx context.Context, e events.SNSEvent) (struct{}, error) {
		return struct{}{}, notifier.Handle(ctx, e)
	}, c), c, nil
}
