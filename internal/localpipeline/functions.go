//go:build unix

package localpipeline

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/sdkhttp"
	"github.com/tracehaul/tracehaul/pipeline"
)

// function is a consumer and what feeds it from its queue.
type function struct {
	lambda *lambda.Function
	cancel context.CancelFunc
	done   chan struct{} // closed when the mapping has ended
}

func (l *Local) startConsumers(context.Context) error {
	if l.cfg.HoldConsumers {
		return nil
	}
	return l.StartConsumers()
}

// StartConsumers starts the consumers that [Config.HoldConsumers] held back.
func (l *Local) StartConsumers() error {
	client := sqs.New(sqs.Options{
		Region: l.cfg.Pipeline.Region, BaseEndpoint: aws.String(l.addresses.SQS),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""), HTTPClient: sdkhttp.New(nil),
	})
	for c := range l.consumers() {
		if err := l.startConsumer(c, client); err != nil {
			return fmt.Errorf("consumer %s: %w", c.Name, err)
		}
	}
	return nil
}

// startConsumer makes a function and its event source mapping as Terraform
// does in AWS.
func (l *Local) startConsumer(c *pipeline.Consumer, client lambda.SQS) error {
	f, err := lambda.New(lambda.Config{
		Name: c.FunctionName(), Binary: cmp.Or(l.cfg.Programs[c.Name], l.cfg.Consumer), Env: l.consumerVariables(c),
		Timeout: c.Timeout, MemoryMB: c.MemoryMB, Sandboxes: c.MaxConcurrency, Region: l.cfg.Pipeline.Region,
		Output: func(line lambda.Line) { l.cfg.Output(c.Name, line.Text) },
		Fault:  l.cfg.Lambda, EnforceMemory: l.cfg.EnforceMemory, ClockOffset: l.cfg.ConsumerClock, ShutdownGrace: l.cfg.ConsumerGrace,
	})
	if err != nil {
		return err
	}
	l.functions[c.Name] = f
	m, err := lambda.NewMapping(lambda.MappingConfig{
		Function: f, Client: client, QueueURL: l.broker.QueueURL(c.QueueName()), QueueARN: l.broker.QueueARN(c.QueueName()),
		BatchSize: c.BatchSize, Window: c.BatchWindow, ReportBatchItemFailures: true, MaximumConcurrency: c.MaxConcurrency,
		Report: func(b lambda.Batch) { l.report(c.Name, b) },
		Logger: l.cfg.Logger,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background()) // it ends with Stop, not with the start's context
	run := &function{f, cancel, make(chan struct{})}
	go func() {
		_ = m.Run(ctx) // it returns nil
		close(run.done)
	}()
	l.onStop(func(context.Context) error {
		run.cancel()
		<-run.done
		return run.lambda.Close()
	})
	return nil
}

func (l *Local) report(consumer string, b lambda.Batch) {
	l.cfg.Report(consumer, b)
	if b.Err != nil {
		l.cfg.Logger.Warn("a batch failed", slog.String("consumer", consumer), slog.Int("messages", b.Messages), slog.String("error", b.Err.Error()))
	}
}
