//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/internal/freeport"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
)

// The versions that run side by side, as in the midst of a deploy.
const (
	stableVersion = "1.4.0"
	canaryVersion = "1.5.0"
)

const serviceGrace = 30 * time.Second

// canary is the second version of the service and of the first consumer: a
// process of its own on an address of its own, and a function of the same name
// that takes from the same queue.
type canary struct {
	url     string // of the service
	service *program.Process
	queue   *sqs.Client

	undo []func(context.Context) error
}

func startCanary(ctx context.Context, l *localpipeline.Local, service, consumer string, telemetry map[string]string, output func(program, line string)) (_ *canary, err error) {
	address, err := freeport.Address(ctx)
	if err != nil {
		return nil, err
	}
	c := &canary{url: "http://" + address, queue: sqs.New(sqs.Options{
		Region: l.Pipeline().Region, BaseEndpoint: aws.String(l.Addresses().SQS),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("the second version: %w", err), c.stop(context.WithoutCancel(ctx)))
		}
	}()
	if c.service, err = program.Start(service, serviceEnv(l, address, telemetry), func(line string) { output("service", line) }); err != nil {
		return nil, err
	}
	c.undo = append(c.undo, func(ctx context.Context) error { return c.service.Stop(ctx, serviceGrace) })
	if err := c.startConsumer(l, consumer, telemetry, output); err != nil {
		return nil, err
	}
	return c, c.waitReady(ctx)
}

// common is what both programs get, as in internal/localpipeline.
func common(l *localpipeline.Local, name string, telemetry map[string]string) map[string]string {
	env := map[string]string{ //nolint:gosec // names of files, not credentials
		"AWS_CONFIG_FILE":             "/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_ENDPOINT_URL_SNS":        l.Addresses().SNS,
		"AWS_ENDPOINT_URL_SQS":        l.Addresses().SQS,
		"OTEL_SERVICE_NAME":           name,
		"OTEL_METRIC_EXPORT_INTERVAL": "1000",
		"OTEL_TRACES_SAMPLER":         "parentbased_always_on",
	}
	maps.Copy(env, telemetry)
	return env
}

func serviceEnv(l *localpipeline.Local, listen string, telemetry map[string]string) []string {
	p := l.Pipeline()
	env := common(l, p.TelemetryName(p.Service.Name), telemetry)
	maps.Copy(env, map[string]string{
		"AWS_REGION": p.Region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"LISTEN_ADDRESS": listen, "TOPIC_ARN": l.Addresses().TopicARN,
		"EVENT_SOURCE": p.Service.EventSource, "EVENT_TYPE": p.Service.EventType,
	})
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

func (c *canary) startConsumer(l *localpipeline.Local, binary string, telemetry map[string]string, output func(program, line string)) error {
	p, a := l.Pipeline(), l.Addresses()
	described := &p.Consumers[0]
	env := common(l, described.TelemetryName(), telemetry)
	maps.Copy(env, map[string]string{
		"DATABASE_URL": a.DatabaseURL, "DEAD_LETTER_QUEUE_URL": a.DLQURL, "FRESHNESS": p.Objectives.Freshness.String(),
	})
	f, err := lambda.New(lambda.Config{
		Name: described.FunctionName(), Binary: binary, Env: env, Timeout: described.Timeout,
		MemoryMB: described.MemoryMB, Sandboxes: 2, Region: p.Region,
		Output: func(line lambda.Line) { output("consumer", line.Text) },
	})
	if err != nil {
		return err
	}
	m, err := lambda.NewMapping(lambda.MappingConfig{
		Function: f, Client: c.queue, QueueURL: a.QueueURL, QueueARN: l.Broker().QueueARN(described.QueueName()),
		BatchSize: described.BatchSize, Window: described.BatchWindow, ReportBatchItemFailures: true,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background()) // it ends with stop
	done := make(chan struct{})
	go func() {
		_ = m.Run(ctx) // it returns nil
		close(done)
	}()
	c.undo = append(c.undo, func(context.Context) error {
		cancel()
		<-done
		return f.Close()
	})
	return nil
}

func (c *canary) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serviceGrace)
	defer cancel()
	for {
		if _, err := get(ctx, c.url+"/readyz"); err == nil {
			return nil
		}
		select {
		case <-c.service.Done():
			return errors.New("the service ended before it was ready; its output says why")
		case <-ctx.Done():
			return fmt.Errorf("the service was not ready: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *canary) stop(ctx context.Context) error {
	var errs []error
	for _, v := range slices.Backward(c.undo) {
		errs = append(errs, v(ctx))
	}
	return errors.Join(errs...)
}
