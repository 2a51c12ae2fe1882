package awslambda_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

func TestWrap_Invocation_NameAndAttributesByConvention(t *testing.T) {
	awslambda.NewSandbox()
	lambdacontext.FunctionVersion = "7"
	t.Cleanup(func() { lambdacontext.FunctionVersion = "" })
	cases := []struct {
		arn, resource string
	}{
		{functionARN, functionARN},
		{functionARN + ":live", functionARN + ":7"},
	}
	for i, tt := range cases {
		b := setup(t)
		b.config.FunctionName = "" // from the ARN then
		ctx := withTraceHeader(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
			AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", InvokedFunctionArn: tt.arn,
		}), "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:1234abcd:0")
		h := awslambda.Wrap(func(ctx context.Context, in string) (string, error) {
			if !trace.SpanContextFromContext(ctx).IsValid() {
				t.Error("the handler has no span")
			}
			return in + "!", nil
		}, b.config)
		if out, err := h(ctx, "hello"); out != "hello!" || err != nil {
			t.Errorf("returned %q, %v; want hello! and no error", out, err)
		}
		span := b.invocation(t)
		if span.SpanKind() != trace.SpanKindServer || span.Status().Code != codes.Unset {
			t.Errorf("span is %v, %v; want server without status", span.SpanKind(), span.Status())
		}
		want := map[string]any{
			"faas.trigger": "other", "faas.coldstart": i == 0, "faas.invocation_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
			"aws.lambda.invoked_arn": tt.arn, "cloud.resource_id": tt.resource, "cloud.account.id": "123456789012",
			"tracehaul.amzn_trace_id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:1234abcd:0",
		}
		if diff := cmp.Diff(want, mapOf(span.Attributes())); diff != "" {
			t.Errorf("attributes for %s (-want +got):\n%s", tt.arn, diff)
		}
		wantCold := map[string]int64{}
		if i == 0 {
			wantCold["other"] = 1
		}
		for metric, want := range map[string]map[string]int64{
			"faas.invocations": {"other": 1}, "faas.invoke_duration": {"other": 1}, "faas.coldstarts": wantCold, "faas.errors": {},
		} {
			if diff := cmp.Diff(want, b.sums(t, metric, "faas.trigger")); diff != "" {
				t.Errorf("%s by trigger (-want +got):\n%s", metric, diff)
			}
		}
	}
}

func TestWrap_XRayHeader_LinkOrParent(t *testing.T) {
	const traceID, parentID = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
	cases := map[string]struct {
		header   string
		asParent bool
		parent   string // empty: none
		links    []string
	}{
		"Link":              {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0", false, "", []string{parentID}},
		"LinkToSampled":     {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", false, "", []string{parentID}},
		"Parent_NotSampled": {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0", true, parentID, nil},
		"Parent_Sampled":    {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", true, parentID, nil},
		"RootAlone":         {"Root=1-5759e988-bd862e3fe1be46a994272793", true, "", nil},
		"Garbage":           {"Root=1-zz;Parent=", true, "", nil},
		"None":              {"", true, "", nil},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.config.XRayParent = tt.asParent
			h := awslambda.Wrap(func(context.Context, any) (any, error) { return nil, nil }, b.config)
			if _, err := h(withTraceHeader(t.Context(), tt.header), nil); err != nil {
				t.Fatal(err)
			}
			span := b.invocation(t) // which is recorded: the root sampler decides where the flag does not
			parent := ""
			if span.Parent().SpanID().IsValid() {
				parent = span.Parent().SpanID().String()
			}
			if parent != tt.parent {
				t.Errorf("parent is %q, want %q", parent, tt.parent)
			}
			if inTrace := span.SpanContext().TraceID().String() == traceID; inTrace != (tt.parent != "") {
				t.Errorf("the span is in the header's trace: %v", inTrace)
			}
			var links []string
			for _, link := range span.Links() {
				links = append(links, link.SpanContext.SpanID().String())
			}
			if !slices.Equal(links, tt.links) {
				t.Errorf("links to %v, want %v", links, tt.links)
			}
		})
	}
}

// Who invokes a function may set the header, too.
func TestWrap_XRayHeader_OnlyKnownFieldsAreTold(t *testing.T) {
	const root = "Root=1-5759e988-bd862e3fe1be46a994272793"
	for header, want := range map[string]any{
		"Authorization=secret;" + root + ";Sampled=1":  root + ";Sampled=1",
		"x=" + strings.Repeat("y", 2<<10) + ";" + root: root,
		"Authorization=secret":                         nil,
	} {
		b := setup(t)
		h := awslambda.Wrap(func(context.Context, any) (any, error) { return nil, nil }, b.config)
		if _, err := h(withTraceHeader(t.Context(), header), nil); err != nil {
			t.Fatal(err)
		}
		if got := mapOf(b.invocation(t).Attributes())["tracehaul.amzn_trace_id"]; got != want {
			t.Errorf("of %.40q the span tells %v, want %v", header, got, want)
		}
	}
}

func TestWrap_EventCarriesAParent_InvocationContinuesItsTrace(t *testing.T) {
	b := setup(t)
	b.config.XRayParent = true // the event's own goes before it
	b.config.Parent = func(ctx context.Context, event any) context.Context {
		headers := event.(events.APIGatewayV2HTTPRequest).Headers
		return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier(headers))
	}
	h := awslambda.Wrap(func(context.Context, events.APIGatewayV2HTTPRequest) (any, error) { return nil, nil }, b.config)
	ctx := withTraceHeader(t.Context(), "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
	for _, headers := range []map[string]string{
		{"traceparent": "00-67891233abcdef012345678912345678-00f067aa0ba902b7-01"}, {"traceparent": "garbage"},
	} {
		if _, err := h(ctx, events.APIGatewayV2HTTPRequest{Headers: headers}); err != nil {
			t.Fatal(err)
		}
	}
	var parents []string
	for _, span := range b.named("prod-shop-writer") {
		parents = append(parents, span.Parent().SpanID().String())
	}
	if want := []string{"00f067aa0ba902b7", "53995c3f42cd8ad8"}; !slices.Equal(parents, want) {
		t.Errorf("parents are %v, want the event's and, without one, the header's: %v", parents, want)
	}
}

func TestWrap_Trigger_ByTypeOfTheEvent(t *testing.T) {
	b := setup(t)
	nothing := func() error { return nil }
	invoke(t, b, events.SNSEvent{}, nothing)
	invoke(t, b, events.DynamoDBEvent{}, nothing)
	invoke(t, b, events.LambdaFunctionURLRequest{}, nothing)
	invoke(t, b, events.CloudWatchEvent{Source: "aws.events"}, nothing)
	invoke(t, b, events.CloudWatchEvent{Source: "shop"}, nothing)
	invoke(t, b, map[string]any{}, nothing)
	want := map[string]int64{"pubsub": 2, "datasource": 1, "http": 1, "timer": 1, "other": 1}
	if diff := cmp.Diff(want, b.sums(t, "faas.invocations", "faas.trigger")); diff != "" {
		t.Errorf("invocations by trigger (-want +got):\n%s", diff)
	}
}

func invoke[In any](t *testing.T, b *bundle, in In, h func() error) {
	t.Helper()
	if _, err := awslambda.Wrap(func(context.Context, In) (any, error) { return nil, h() }, b.config)(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestWrap_Error_ReturnedAndRecorded(t *testing.T) {
	b := setup(t)
	cause := fmt.Errorf("store order: %w", &brokenError{})
	h := awslambda.Wrap(func(context.Context, any) (any, error) { return nil, cause }, b.config)
	if _, err := h(t.Context(), nil); !errors.Is(err, cause) {
		t.Errorf("returned %v, want %v", err, cause)
	}
	span := b.invocation(t)
	if got := mapOf(span.Attributes())["error.type"]; got != "broken_pipe" || span.Status().Code != codes.Error || span.Status().Description != cause.Error() {
		t.Errorf("span has error.type %v and status %v, want broken_pipe and Error %q", got, span.Status(), cause)
	}
	if got := b.sums(t, "faas.errors", "faas.trigger")["other"]; got != 1 {
		t.Errorf("faas.errors is %d, want 1", got)
	}
	if got := b.sums(t, "faas.invocations", "faas.trigger")["other"]; got != 0 {
		t.Errorf("faas.invocations, of which the conventions count the successful ones, is %d, want 0", got)
	}
}

type brokenError struct{}

func (*brokenError) Error() string     { return "broken" }
func (*brokenError) ErrorType() string { return "broken_pipe" }

func TestWrap_Panic_RecordedFlushedAndGoesOn(t *testing.T) {
	b := setup(t)
	flushed := 0
	b.config.Flush = func(context.Context) error { flushed++; return nil }
	h := awslambda.Wrap(func(context.Context, any) (any, error) { panic(errors.New("no such table")) }, b.config)
	func() {
		defer func() {
			if err, _ := recover().(error); err == nil || err.Error() != "no such table" {
				t.Errorf("panicked with %v, want the handler's", err)
			}
		}()
		_, _ = h(t.Context(), nil)
	}()
	span := b.invocation(t)
	if flushed != 1 || span.Status().Code != codes.Error || len(span.Events()) != 1 {
		t.Fatalf("flushed %d times, status %v, %d events; want 1, Error, 1", flushed, span.Status(), len(span.Events()))
	}
	stack, _ := mapOf(span.Events()[0].Attributes)["exception.stacktrace"].(string)
	if !strings.Contains(stack, "TestWrap_Panic") {
		t.Errorf("the stack trace does not lead to the panic:\n%s", stack)
	}
}

func TestWrap_RunsIntoTheDeadline_SeenAsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.config.DeadlineMargin = 200 * time.Millisecond
		flushed := make(chan struct{}, 2)
		b.config.Flush = func(context.Context) error { flushed <- struct{}{}; return nil }
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		h := awslambda.Wrap(func(ctx context.Context, _ any) (any, error) {
			<-flushed // while the handler still runs
			if ctx.Err() != nil {
				t.Error("flushed after the deadline")
			}
			return nil, nil
		}, b.config)
		if _, err := h(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if got := mapOf(b.invocation(t).Attributes())["error.type"]; got != "timeout" {
			t.Errorf("error.type is %v, want timeout", got)
		}
		if got := b.sums(t, "faas.timeouts", "faas.trigger")["other"]; got != 1 {
			t.Errorf("faas.timeouts is %d, want 1", got)
		}
	})
}

// A handler may return after the watchdog has flushed, and before Lambda's
// deadline: what it ended in between is flushed, too, before the answer.
func TestWrap_ReturnsAfterTheWatchdog_FlushedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.config.DeadlineMargin = time.Second // the watchdog's time is half a second before the deadline
		var flushed []int                     // how many spans had ended
		var left []time.Duration
		b.config.Flush = func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			flushed, left = append(flushed, len(b.spans.Ended())), append(left, time.Until(deadline))
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		h := awslambda.Wrap(func(ctx context.Context, _ any) (any, error) {
			time.Sleep(9600 * time.Millisecond)
			_, span := b.config.TracerProvider.Tracer("").Start(ctx, "late")
			span.End()
			return "ok", nil
		}, b.config)
		if out, err := h(ctx, nil); out != "ok" || err != nil {
			t.Errorf("returned %v, %v; want ok", out, err)
		}
		if want := []int{1, 2}; !slices.Equal(flushed, want) {
			t.Errorf("the flushes had %v spans, want %v", flushed, want)
		}
		if want := []time.Duration{300 * time.Millisecond, 200 * time.Millisecond}; !slices.Equal(left, want) {
			t.Errorf("there was %v for them, want %v", left, want)
		}
	})
}

func TestWrap_ColdStart_OnceOfManyAtOnce(t *testing.T) {
	awslambda.NewSandbox()
	b := setup(t)
	h1 := awslambda.Wrap(func(context.Context, any) (any, error) { return nil, nil }, b.config)
	h2 := awslambda.SQSBatch(writeAll, b.config) // another handler of the same sandbox
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = h1(t.Context(), nil) })
		wg.Go(func() { _, _ = h2(t.Context(), batchOf(1)) })
	}
	wg.Wait()
	cold := 0
	for _, span := range b.named("prod-shop-writer") {
		if mapOf(span.Attributes())["faas.coldstart"] == true {
			cold++
		}
	}
	total := int64(0)
	for _, n := range b.sums(t, "faas.coldstarts", "faas.trigger") {
		total += n
	}
	if cold != 1 || total != 1 {
		t.Errorf("%d spans and %d points tell of a cold start, want 1 and 1", cold, total)
	}
}

func TestFlush_Deadline_Kept(t *testing.T) {
	cases := map[string]struct {
		timeout time.Duration
		left    time.Duration // until Lambda's deadline; 0 for none
		want    time.Duration
	}{
		"ByTimeout":  {50 * time.Millisecond, time.Minute, 50 * time.Millisecond},
		"ByDeadline": {time.Minute, time.Second, 900 * time.Millisecond},
		"NoDeadline": {50 * time.Millisecond, 0, 50 * time.Millisecond},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				b.config.FlushTimeout = tt.timeout
				var called int
				b.config.Flush = func(ctx context.Context) error {
					called++
					if len(b.named("prod-shop-writer")) != 1 {
						t.Error("flushed before the span ended")
					}
					if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != tt.want {
						t.Errorf("there is %v for the flush, want %v", time.Until(deadline), tt.want)
					}
					<-ctx.Done() // a collector that accepts and never answers
					return ctx.Err()
				}
				ctx := t.Context()
				if tt.left > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.left)
					defer cancel()
				}
				res, err := awslambda.SQSBatch(writeAll, b.config)(ctx, batchOf(1))
				if err != nil || len(res.BatchItemFailures) != 0 || called != 1 {
					t.Errorf("answer %v, %v after %d flushes; want none failed after 1", res, err, called)
				}
				if ctx.Err() != nil {
					t.Error("answered after the deadline")
				}
			})
		})
	}
}

func TestFlush_HandlersContextEnded_StillHasTime(t *testing.T) {
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.config.Flush = func(ctx context.Context) error {
		if ctx.Err() != nil {
			t.Error("the flush has the handler's ended context")
		}
		return nil
	}
	h := awslambda.Wrap(func(context.Context, any) (any, error) { cancel(); return nil, nil }, b.config)
	_, _ = h(ctx, nil)
}
