package interop_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// A function of node's has one span for a batch, which is linked to what its
// messages carry: to AWSTraceHeader, unless it is told to look at attributes.
func TestInvoke_JavaScriptFunction_LinksToOurs(t *testing.T) {
	n := javascript(t)
	for name, test := range map[string]struct {
		delivery   string
		header     bool // our calls have an X-Amzn-Trace-Id
		attributes bool // useGlobalPropagatorForSqsExtraction
		linked     bool
	}{
		"by default":             {delivery: "Publish"},
		"attributes":             {delivery: "Publish", attributes: true, linked: true},
		"attributes, batch":      {delivery: "SendMessageBatch", attributes: true, linked: true},
		"attributes, service":    {delivery: "the service", attributes: true, linked: true},
		"by default, header":     {delivery: "Publish", header: true, linked: true},
		"by default, own header": {delivery: "SendMessage", header: true, linked: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if test.header {
				b.withHeaders()
			}
			d := deliveries[test.delivery]
			if err := d.send(extracted(fullCarrier), b); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, s := range ofKind(b, trace.SpanKindProducer) {
				if test.linked {
					want = append(want, traceID+" "+s.SpanContext.SpanID().String())
				}
			}
			var e events.SQSEvent
			for _, m := range b.receive(t, b.raw, d.messages, "All") {
				e.Records = append(e.Records, record(m))
			}
			a := ask(t, n, object{"operation": "invoke", "event": e, "messageAttributes": test.attributes})
			var got []string
			for _, s := range a.Spans {
				if s.Kind == "CONSUMER" && strings.HasPrefix(s.Name, "process ") {
					for _, l := range s.Links {
						got = append(got, l.TraceID+" "+l.SpanID)
					}
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if len(a.Spans) != 2 || !slices.Equal(got, want) {
				t.Errorf("node has %d spans, want 2, linked to %q, want %q", len(a.Spans), got, want)
			}
		})
	}
}

// withHeaders has the clients write X-Ray's header, too.
func (b *bundle) withHeaders() {
	b.cfg.APIOptions = nil
	awssdk.Instrument(&b.cfg, awssdk.Config{
		TracerProvider: b.tracers, Logger: slog.New(slog.DiscardHandler), HeaderPropagator: xray.Propagator{},
	})
	b.sns = sns.NewFromConfig(withEndpoint(b.cfg, shared.snsURL))
	b.sqs = sqs.NewFromConfig(withEndpoint(b.cfg, shared.sqsURL))
}
