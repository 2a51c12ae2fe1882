// Command shop takes orders over HTTP and works on them from a queue: `shop
// serve` and `shop work` are two services on ECS.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/httpserver"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[len(os.Args)-1])
	stop()
	if err != nil {
		slog.Error("shop has ended", slog.String("error", err.Error()))
		os.Exit(1)
	}
}

func run(ctx context.Context, role string) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	settings, err := telemetry.ConfigFromEnv(os.Getenv)
	if err != nil {
		return err
	}
	settings.Credentials = cfg.Credentials // sign for CloudWatch, where no collector is
	tel, err := telemetry.Setup(ctx, settings)
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx)) //nolint:errcheck // the log has said so
	tel.SetGlobal()
	slog.SetDefault(tel.Logger())
	awssdk.Instrument(&cfg, awssdk.Config{})
	if role == "work" {
		return work(ctx, sqs.NewFromConfig(cfg), os.Getenv("QUEUE_URL"))
	}
	return serve(ctx, sns.NewFromConfig(cfg), os.Getenv("TOPIC_ARN"))
}

type order struct{ ID string }

func serve(ctx context.Context, topic *sns.Client, arn string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		var o order
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&o); err != nil || o.ID == "" {
			http.Error(w, `want {"ID": "..."}`, http.StatusBadRequest)
			return
		}
		if _, err := topic.Publish(r.Context(), &sns.PublishInput{TopicArn: &arn, Message: &o.ID}); err != nil {
			slog.ErrorContext(r.Context(), "not published", slog.String("error", err.Error()))
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	handler := httpserver.Middleware(httpserver.Config{Propagator: otel.GetTextMapPropagator(), Filter: httpserver.ExceptPaths("/health")})(mux)
	server := &http.Server{Addr: cmp.Or(os.Getenv("LISTEN_ADDRESS"), ":8080"), Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	drained := make(chan error, 1)
	context.AfterFunc(ctx, func() { drained <- server.Shutdown(context.WithoutCancel(ctx)) })
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return <-drained
}

func work(ctx context.Context, queue *sqs.Client, url string) error {
	for ctx.Err() == nil {
		out, err := queue.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
		if err != nil {
			if ctx.Err() == nil {
				slog.ErrorContext(ctx, "nothing received", slog.String("error", err.Error()))
				time.Sleep(time.Second)
			}
			continue
		}
		for _, m := range out.Messages {
			handle(context.WithoutCancel(ctx), queue, url, m)
		}
	}
	return nil
}

func handle(ctx context.Context, queue *sqs.Client, url string, m types.Message) {
	received := message.FromSQS(ctx, m) // goes on with the trace of whoever published
	ctx, span := otel.Tracer("shop").Start(received.Context, "process orders", trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	slog.InfoContext(ctx, "packing", slog.String("order", received.Body))
	if _, err := queue.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		span.SetStatus(codes.Error, "not deleted")
		slog.ErrorContext(ctx, "not deleted", slog.String("error", err.Error()))
	}
}
