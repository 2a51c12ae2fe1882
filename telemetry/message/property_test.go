package message_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// size is what SNS counts of an entry.
func size(e snstypes.PublishBatchRequestEntry) int {
	n := len(*e.Message)
	for name, v := range e.MessageAttributes {
		n += len(name) + len(*v.DataType) + len(*v.StringValue)
	}
	return n
}

// Whatever is sent, the budget holds or nothing was added, the caller's own
// attributes arrive, and a context that travels arrives as it was.
func TestInjectorSNSBatch_AnyBatch_KeepsItsPromises(t *testing.T) {
	t.Parallel()
	injector := message.NewInjector(message.Config{Budget: message.Budget{Bytes: 1000}, Logger: slog.New(slog.DiscardHandler)})
	ctxs := map[string]context.Context{"none": context.Background(), "traced": traced(), "full": full(), "other": other()}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 10).Draw(t, "entries")
		in, parents := make([]snstypes.PublishBatchRequestEntry, n), make([]context.Context, n)
		own, most := 0, 0
		for i := range in {
			in[i].Id = new("id")
			in[i].Message = new(strings.Repeat("x", rapid.IntRange(0, 150).Draw(t, "body")))
			in[i].MessageAttributes = attributes(rapid.IntRange(0, 11).Draw(t, "attributes"))
			parents[i] = ctxs[rapid.SampledFrom([]string{"none", "traced", "full", "other"}).Draw(t, "parent")]
			own += size(in[i])
			most = max(most, len(in[i].MessageAttributes))
		}
		out, err := injector.SNSBatch(message.WithEntries(context.Background(), parents), in)
		if (err != nil) != (most > 10) {
			t.Fatalf("with %d attributes: %v", most, err)
		}
		if err != nil {
			return
		}
		total := 0
		for i, e := range out {
			total += size(e)
			if len(e.MessageAttributes) > 10 {
				t.Fatalf("entry %d has %d attributes", i, len(e.MessageAttributes))
			}
			for name, v := range in[i].MessageAttributes {
				if e.MessageAttributes[name].StringValue != v.StringValue {
					t.Fatalf("entry %d: the caller's %s is gone", i, name)
				}
			}
			if v, ok := e.MessageAttributes["traceparent"]; ok {
				var m propagation.MapCarrier = map[string]string{"traceparent": *v.StringValue}
				if s, ok := e.MessageAttributes["tracestate"]; ok {
					m["tracestate"] = *s.StringValue
				}
				got := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), m))
				if want := trace.SpanContextFromContext(parents[i]); got.TraceID() != want.TraceID() || got.SpanID() != want.SpanID() {
					t.Fatalf("entry %d continues %v, want %v", i, got, want)
				}
			}
		}
		if total > 1000 && total != own {
			t.Fatalf("the batch has %d bytes, %d of them added", total, total-own)
		}
	})
}

// OpenTelemetry's own propagators read what was written.
func TestInjectorSNS_AnySpanContext_IsWrittenAsOpenTelemetryDoes(t *testing.T) {
	t.Parallel()
	injector := message.NewInjector(message.Config{})
	rapid.Check(t, func(t *rapid.T) {
		var config trace.SpanContextConfig
		copy(config.TraceID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "trace id"))
		copy(config.SpanID[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "span id"))
		config.TraceFlags = trace.TraceFlags(rapid.Byte().Draw(t, "flags"))
		ctx := withBaggage(trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(config)))

		want := propagation.MapCarrier{}
		w3c().Inject(ctx, want)
		got, err := injector.SNS(ctx, nil, 0)
		if err != nil || len(got) != len(want) {
			t.Fatalf("SNS = %v, %v, want %v", snsTexts(got), err, want)
		}
		for name, v := range want {
			if *got[name].StringValue != v {
				t.Fatalf("%s = %q, want %q", name, *got[name].StringValue, v)
			}
		}
	})
}
