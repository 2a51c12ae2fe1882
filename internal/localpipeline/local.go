//go:build unix

package localpipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/internal/localcloud/alb"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localcloud/otlp"
	"github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Local is a pipeline that runs on this machine.
type Local struct {
	cfg       Config
	addresses Addresses
	routed    map[Part]string // what programs are given

	database  *postgres.Server
	pool      *pgxpool.Pool
	broker    *messaging.Broker
	telemetry *otlp.Receiver
	balancer  *alb.Balancer
	accessLog *accessLog // nil without ALB spans
	service   *program.Process
	functions map[string]*lambda.Function // by the consumer's name

	undo []func(context.Context) error // what Stop does, in reverse
}

// Addresses are where the parts answer. Its JSON form is the line that
// `tracehaul up --json` prints.
type Addresses struct {
	ALB         string `json:"alb"`
	Service     string `json:"service"`
	SNS         string `json:"sns"`
	SQS         string `json:"sqs"`
	TopicARN    string `json:"topic_arn"`
	QueueURL    string `json:"queue_url"` // of the first consumer
	DLQURL      string `json:"dlq_url"`   // of the first consumer
	DatabaseURL string `json:"database_url"`
	OTLP        string `json:"otlp"`
	Web         string `json:"web"` // empty where no page is served
}

const (
	readyTimeout = 30 * time.Second
	// stopGrace is how long the service has to drain: as on ECS.
	stopGrace = 30 * time.Second
)

// Start starts every part, in the order in which they need each other, and
// waits until the load balancer has a healthy target. When it fails, what was
// started is stopped.
func Start(ctx context.Context, c Config) (_ *Local, err error) {
	c, err = c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("local pipeline: %w", err)
	}
	l := &Local{cfg: c, routed: map[Part]string{}, functions: map[string]*lambda.Function{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("local pipeline: %w", err), l.Stop(context.WithoutCancel(ctx)))
		}
	}()
	for _, start := range []func(context.Context) error{
		l.startTelemetry, l.startMessaging, l.startDatabase, l.route, l.startService, l.startConsumers, l.startAccessLog, l.startBalancer, l.waitReady,
	} {
		if err := start(ctx); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Stop ends every part in the reverse order and leaves nothing behind. The
// service and the consumers get the time they would have in AWS. Stopping
// twice is harmless.
func (l *Local) Stop(ctx context.Context) error {
	var errs []error
	for len(l.undo) > 0 {
		last := len(l.undo) - 1
		undo := l.undo[last]
		l.undo = l.undo[:last]
		errs = append(errs, undo(ctx))
	}
	return errors.Join(errs...)
}

func (l *Local) onStop(undo func(context.Context) error) { l.undo = append(l.undo, undo) }

// Addresses says where the parts answer.
func (l *Local) Addresses() Addresses { return l.addresses }

// Pipeline is the description that runs.
func (l *Local) Pipeline() *pipeline.Pipeline { return l.cfg.Pipeline }

// Telemetry is what the programs have sent.
func (l *Local) Telemetry() *otlp.Receiver { return l.telemetry }

// Broker is the local SNS and SQS.
func (l *Local) Broker() *messaging.Broker { return l.broker }

// Balancer is the load balancer.
func (l *Local) Balancer() *alb.Balancer { return l.balancer }

// Database is the database server.
func (l *Local) Database() *postgres.Server { return l.database }

// Function is the Lambda function of a consumer, or nil until consumers run.
func (l *Local) Function(consumer string) *lambda.Function { return l.functions[consumer] }

// Service is the process of the service.
func (l *Local) Service() *program.Process { return l.service }

func (l *Local) startTelemetry(ctx context.Context) (err error) {
	if l.telemetry, err = otlp.New(otlp.Config{Forward: l.cfg.Forward, MaxTraces: l.cfg.Traces}); err != nil {
		return err
	}
	l.onStop(l.telemetry.Close)
	l.addresses.OTLP, err = l.serve(ctx, l.cfg.Ports.OTLP, l.telemetry, 0)
	return err
}

func (l *Local) startMessaging(ctx context.Context) error {
	sqs, err := listen(ctx, l.cfg.Ports.SQS)
	if err != nil {
		return err
	}
	l.addresses.SQS = address(sqs)
	l.broker = messaging.New(messaging.Config{
		Region: l.cfg.Pipeline.Region, SQSEndpoint: l.addresses.SQS,
		Fault: l.cfg.Fault, Shuffle: l.cfg.Shuffle, DuplicateRate: l.cfg.DuplicateRate,
	})
	l.onStop(serveOn(sqs, l.broker.SQS(), 0))
	l.onStop(func(context.Context) error { l.broker.Close(); return nil })
	if l.addresses.SNS, err = l.serve(ctx, l.cfg.Ports.SNS, l.broker.SNS(), 0); err != nil {
		return err
	}
	return l.createQueues()
}

// queueBytes is what queues take, as in Terraform's module consumer.
const queueBytes = 1 << 20

// createQueues makes the topic, and for each consumer what Terraform makes in
// AWS: queue, dead-letter queues and subscription.
func (l *Local) createQueues() (err error) {
	p := l.cfg.Pipeline
	if l.addresses.TopicARN, err = l.broker.CreateTopic(p.TopicName()); err != nil {
		return err
	}
	for c := range l.consumers() {
		for _, dlq := range []string{c.DLQName(), c.UndeliveredName()} {
			if _, err := l.broker.CreateQueue(messaging.QueueConfig{Name: dlq, MessageRetention: c.DLQRetention, MaximumMessageSizeBytes: queueBytes}); err != nil {
				return err
			}
		}
		if _, err := l.broker.CreateQueue(messaging.QueueConfig{
			Name: c.QueueName(), VisibilityTimeout: c.VisibilityTimeout, MessageRetention: c.Retention,
			DeadLetterQueue: c.DLQName(), MaxReceiveCount: c.MaxReceiveCount, MaximumMessageSizeBytes: queueBytes,
		}); err != nil {
			return err
		}
		if _, err := l.broker.Subscribe(messaging.SubscriptionConfig{
			Topic: p.TopicName(), Queue: c.QueueName(), RawMessageDelivery: c.RawDelivery, DeadLetterQueue: c.UndeliveredName(),
		}); err != nil {
			return err
		}
		if l.addresses.QueueURL == "" {
			l.addresses.QueueURL, l.addresses.DLQURL = l.broker.QueueURL(c.QueueName()), l.broker.QueueURL(c.DLQName())
		}
	}
	return nil
}

// consumers are those that the reference consumer can be, and those with a
// program of their own.
func (l *Local) consumers() func(func(*pipeline.Consumer) bool) {
	return func(yield func(*pipeline.Consumer) bool) {
		for i := range l.cfg.Pipeline.Consumers {
			if c := &l.cfg.Pipeline.Consumers[i]; (c.Sink == "postgres" || l.cfg.Programs[c.Name] != "") && !yield(c) {
				return
			}
		}
	}
}

func (l *Local) startDatabase(ctx context.Context) (err error) {
	l.database, err = postgres.Start(ctx, postgres.Config{
		URL: l.cfg.DatabaseURL, Database: l.cfg.DatabaseName, Port: l.cfg.Ports.Database, Durable: l.cfg.Durable, Settings: l.cfg.DatabaseSettings, Progress: progress{l.cfg.Logger},
	})
	if err != nil {
		return err
	}
	l.onStop(l.database.Stop)
	l.addresses.DatabaseURL = l.database.URL()
	if err := l.cfg.Migrate(ctx, l.database.URL()); err != nil {
		return err
	}
	if l.pool, err = pgxpool.New(ctx, l.database.URL()); err != nil {
		return err
	}
	l.onStop(func(context.Context) error { l.pool.Close(); return nil })
	return nil
}

func (l *Local) startBalancer(ctx context.Context) (err error) {
	p := l.cfg.Pipeline
	c := alb.Config{
		Name: p.LoadBalancerName(), TargetGroup: p.TargetGroupNames()[0], Region: p.Region,
		Targets: []string{l.addresses.Service}, HealthPath: "/readyz?exclude=overloaded", HealthInterval: 100 * time.Millisecond,
	}
	if l.accessLog != nil {
		c.AccessLog = l.accessLog
	}
	l.balancer, err = alb.New(c)
	if err != nil {
		return err
	}
	l.onStop(func(context.Context) error { l.balancer.Close(); return nil })
	l.addresses.ALB, err = l.serve(ctx, l.cfg.Ports.ALB, l.balancer, 2*alb.MaxHeaderBytes)
	return err
}

// waitReady waits for a healthy target.
func (l *Local) waitReady(ctx context.Context) error {
	return awaitReady(ctx, l.service, func() bool { return l.balancer.HealthyTargets() > 0 })
}
