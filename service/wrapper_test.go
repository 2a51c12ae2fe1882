package service

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// twice sends every batch two times, as wrappers do that fail over to another
// region, or do not wait for a slow one.
type twice struct {
	BatchPublisher

	atOnce bool
}

func (w twice) PublishBatch(ctx context.Context, in *sns.PublishBatchInput, opts ...func(*sns.Options)) (*sns.PublishBatchOutput, error) {
	var first sync.WaitGroup
	first.Go(func() { _, _ = w.BatchPublisher.PublishBatch(ctx, in, opts...) })
	if !w.atOnce {
		first.Wait()
	}
	defer first.Wait()
	return w.BatchPublisher.PublishBatch(ctx, in, opts...)
}

func TestBatchPublisher_SendsTheSameInputTwice_EachHasItsOwnSpan(t *testing.T) {
	for name, atOnce := range map[string]bool{"one after the other": false, "at once": true} {
		t.Run(name, func(t *testing.T) {
			top := newTopic(t, nil)
			b := setup(t, top.use(t), func(c *Config) { c.SNS = twice{c.SNS, atOnce} })
			if w := b.do(post(cloudEvents("1", "2"))); w.Code != http.StatusAccepted {
				t.Fatalf("status = %d; body %s", w.Code, w.Body)
			}
			stored, err := top.broker.Messages("orders", 10)
			if err != nil {
				t.Fatal(err)
			}
			var carried, sent []string
			for _, m := range stored {
				carried = append(carried, m.Attributes["traceparent"].Value)
			}
			for _, s := range b.spans.Ended() {
				if s.SpanKind() == oteltrace.SpanKindProducer {
					sent = append(sent, "00-"+s.SpanContext().TraceID().String()+"-"+s.SpanContext().SpanID().String()+"-01")
				}
			}
			slices.Sort(carried)
			slices.Sort(sent)
			if len(sent) != 4 || !slices.Equal(carried, sent) {
				t.Errorf("messages carry\n%q\nwant the spans that sent them,\n%q", carried, sent)
			}
		})
	}
}

// The SDK's client itself is spared the copies.
func TestPublisher_SDKsClient_OwnsItsEntries(t *testing.T) {
	client := sns.New(sns.Options{})
	for name, tt := range map[string]struct {
		sns  BatchPublisher
		want bool
	}{
		"the client":     {client, true},
		"one around it":  {twice{client, false}, false},
		"something else": {new(fakeSNS), false},
	} {
		p := &publisher{publisherConfig: publisherConfig{sns: tt.sns}}
		if got := message.Own(p.withParents(context.Background(), nil)); got != tt.want {
			t.Errorf("%s owns its entries: %v, want %v", name, got, tt.want)
		}
	}
}
