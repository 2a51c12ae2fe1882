// Command notifier is the Lambda function behind the alarm topics: it passes
// on what CloudWatch publishes there to Slack, PagerDuty and incident.io, as
// the routing in the pipeline's description says. See package alarms/notify.
//
// It reads the description that `tracehaul generate` resolved (PIPELINE_FILE),
// SLACK_API_URL, PAGERDUTY_URL, CASES, LOG_LEVEL, and the standard variables
// OTEL_* and AWS_*. Secrets come from Secrets Manager.
//
// Bad settings end it when it starts. A destination, table or secret that is
// away does not: its messages come again.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

func main() {
	handler, c, err := build(context.Background(), os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "notifier: %v\n", err)
		os.Exit(1)
	}
	awslambda.Start(handler, c)
}

// build puts the function together. It calls nobody.
func build(ctx context.Context, getenv func(string) string) (handler any, c awslambda.Config, err error) {
	set, err := settingsFrom(getenv)
	if err != nil {
		return nil, c, fmt.Errorf("bad settings:\n%w", err)
	}
	awsConfig, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, c, fmt.Errorf("AWS settings: %w", err)
	}
	set.telemetry.Credentials = awsConfig.Credentials
	if version != "" {
		set.telemetry.ServiceVersion = version
	}
	tel, err := telemetry.Setup(ctx, set.telemetry)
	if err != nil {
		return nil, c, fmt.Errorf("telemetry: %w", err)
	}
	tel.SetGlobal()
	slog.SetDefault(tel.Logger())
	awssdk.Instrument(&awsConfig, awssdk.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()})

	set.notify.AWS = awsConfig
	set.notify.TracerProvider, set.notify.Logger = tel.TracerProvider(), tel.Logger()
	notifier, err := notify.New(set.notify)
	if err != nil {
		return nil, c, err
	}
	c = awslambda.Config{
		TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider(), Logger: tel.Logger(),
		Flush: tel.FlushInvocation, Shutdown: tel.Shutdown,
	}
	return awslambda.Wrap(func(ctx context.Context, e events.SNSEvent) (struct{}, error) {
		return struct{}{}, notifier.Handle(ctx, e)
	}, c), c, nil
}
