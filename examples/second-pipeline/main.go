// Command partner is the Lambda function of the consumer partner in
// tracehaul.yaml: it takes batches of events from its queue and tells a webhook
// of each.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

func main() {
	handle, c, err := setup(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	awslambda.Start(handle, c)
}

func setup(ctx context.Context) (handler any, c awslambda.Config, err error) {
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, c, err
	}
	settings, err := telemetry.ConfigFromEnv(os.Getenv)
	if err != nil {
		return nil, c, err
	}
	settings.Credentials = aws.Credentials
	tel, err := telemetry.Setup(ctx, settings)
	if err != nil {
		return nil, c, err
	}
	tel.SetGlobal()
	awssdk.Instrument(&aws, awssdk.Config{})
	freshness, err := time.ParseDuration(cmp.Or(os.Getenv("FRESHNESS"), "1m"))
	if err != nil {
		return nil, c, fmt.Errorf("FRESHNESS: %w", err)
	}
	consume, err := consumer.New(consumer.Config{
		Sink:               &webhook{url: os.Getenv("WEBHOOK_URL"), client: &http.Client{Timeout: 5 * time.Second}},
		DeadLetterQueueURL: os.Getenv("DEAD_LETTER_QUEUE_URL"),
		SQS:                sqs.NewFromConfig(aws),
		Freshness:          freshness,
		Logger:             tel.Logger(),
	})
	if err != nil {
		return nil, c, err
	}
	c = awslambda.Config{Flush: tel.FlushInvocation, Shutdown: tel.Shutdown, Logger: tel.Logger()}
	return awslambda.SQSBatch(consume.Handle, c), c, nil
}

// webhook is a [consumer.Sink]. The partner keeps an event once, by its source
// and id: to tell it twice is harmless.
type webhook struct {
	url    string
	client *http.Client
}

// Write tells the partner of each event, in the event's own trace.
func (w *webhook) Write(_ context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	stored := make([]consumer.Stored, len(batch))
	for i, r := range batch {
		if err := w.tell(r); err != nil {
			return nil, err
		}
		stored[i] = consumer.Written
	}
	return stored, nil
}

func (w *webhook) tell(r *consumer.Record) error {
	request, err := http.NewRequestWithContext(r.Context, http.MethodPost, w.url, bytes.NewReader(r.Event.AppendJSON(nil)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/cloudevents+json")
	// Not the baggage: our clients wrote it for us, not for the partner.
	propagation.TraceContext{}.Inject(r.Context, propagation.HeaderCarrier(request.Header))
	response, err := w.client.Do(request)
	if err != nil {
		return errors.New("the webhook does not answer") // err holds its address
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is used again
	switch code := response.StatusCode; {
	case code < 300:
		return nil
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return fmt.Errorf("the webhook answers %d", code) // to be told again later
	default:
		return consumer.Refuse(fmt.Sprintf("webhook_%d", code), fmt.Errorf("the webhook answers %d", code))
	}
}
