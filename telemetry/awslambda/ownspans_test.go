package awslambda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// kept is a sink that keeps spans.
type kept struct {
	nobody
	mu    sync.Mutex
	spans []otlp.Span
}

func (k *kept) Add(s otlp.Span) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, otlp.Span{Scope: s.Scope, Data: bytes.Clone(s.Data)})
}

func (k *kept) AddAll(spans []otlp.Span) {
	for _, s := range spans {
		k.Add(s)
	}
}

// told is what a span tells, but for ids that are made up.
type told struct {
	Name, Trace, Description string
	Kind                     trace.SpanKind
	Start, End               time.Time
	Code                     codes.Code
	Attributes               map[string]any
	Links, Events            int
}

func sorted(all []told) []string {
	var lines []string
	for _, one := range all {
		lines = append(lines, fmt.Sprintf("%+v", one))
	}
	slices.Sort(lines)
	return lines
}

func toldBySDK(b *bundle) (all []told) {
	for _, s := range b.spans.Ended() {
		one := told{
			Name: s.Name(), Kind: s.SpanKind(), Start: s.StartTime().UTC(), End: s.EndTime().UTC(), Code: s.Status().Code,
			Description: s.Status().Description, Attributes: mapOf(s.Attributes()), Links: len(s.Links()), Events: len(s.Events()),
		}
		if s.Parent().IsValid() {
			one.Trace = s.SpanContext().TraceID().String()
		}
		all = append(all, one)
	}
	return all
}

func toldByOurs(t *testing.T, k *kept) (all []told) {
	t.Helper()
	for _, s := range k.spans {
		f, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		one := told{
			Name: f.Name, Kind: f.Kind, Start: f.Start, End: f.End, Code: f.Code, Description: f.Description,
			Attributes: mapOf(f.Attributes), Links: len(f.Links), Events: len(f.Events),
		}
		if f.ParentID.IsValid() {
			one.Trace = f.TraceID.String()
		}
		all = append(all, one)
	}
	return all
}

// Our own spans are made in groups, and encoded before they end. Whatever
// becomes of a message, they tell what the SDK's would.
func TestSQS_OwnSpans_TellWhatTheSDKsTell(t *testing.T) {
	records := batchOf(200).Records
	records[7].MessageAttributes = nil // no trace
	records[8].Attributes = nil        // no time
	sampledOut := "00-" + fmt.Sprintf("%032x-%016x", 9, 9) + "-00"
	records[9].MessageAttributes["traceparent"] = events.SQSMessageAttribute{DataType: "String", StringValue: &sampledOut}

	settle := func(i int, m *awslambda.Message) {
		switch i {
		case 0, 1:
			m.Duplicate()
		case 2:
			m.Failed("away", errors.New("the store is away"))
		case 3:
			m.DeadLettered("malformed", nil)
		case 4:
			trace.SpanFromContext(m.Context()).SetAttributes(attribute.String("own", "yes"))
			m.Written()
		case 5:
			trace.SpanFromContext(m.Context()).End(trace.WithTimestamp(m.HandedOver))
			m.Written()
		case 6: // left to the wrapper
		default:
			m.Written()
		}
	}
	handlers := map[string]func(awslambda.Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error){
		"batch": func(c awslambda.Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
			return awslambda.SQSBatch(func(_ context.Context, batch []*awslambda.Message) error {
				for i, m := range batch {
					settle(i, m)
				}
				return nil
			}, c)
		},
		"each": func(c awslambda.Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
			i := -1
			return awslambda.SQSEach(func(_ context.Context, m *awslambda.Message) error {
				i++
				settle(i, m)
				return nil
			}, c)
		},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			b, k := setup(t), &kept{}
			now := time.Now().UTC()
			b.config.Now = func() time.Time { return now }
			limits := sdktrace.NewSpanLimits()
			limits.LinkCountLimit = -1
			sdk, ours := b.config, b.config
			ours.TracerProvider = span.New(span.Config{
				Sampler: span.Plain{Sampler: xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample())), Inherited: true},
				Limits:  limits, Sink: k,
			})
			for _, c := range []awslambda.Config{sdk, ours} {
				if _, err := handler(c)(invocationContext(t.Context()), events.SQSEvent{Records: records}); err != nil {
					t.Fatal(err)
				}
			}
			want, got := toldBySDK(b), toldByOurs(t, k)
			if len(got) < 2*len(records)-5 {
				t.Errorf("%d spans were handed over for %d messages", len(got), len(records))
			}
			for _, all := range [][]told{want, got} {
				for i := range all {
					delete(all[i].Attributes, "faas.coldstart")
				}
			}
			if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
				t.Errorf("spans (-SDK +ours):\n%s", diff)
			}
		})
	}
}
