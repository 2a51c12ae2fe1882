package awslambda

import (
	"context"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// name is the function's name, and the name of its invocations' spans.
func (f *function) name(ctx context.Context) string {
	if f.FunctionName != "" {
		return f.FunctionName
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		if arn, ok := parseARN(lc.InvokedFunctionArn); ok {
			return arn.name
		}
	}
	return "invocation"
}

// appendIdentity adds which function was invoked, and the request's id.
// Semantic conventions, "AWS Lambda", section Function.
func appendIdentity(ctx context.Context, to []attribute.KeyValue) []attribute.KeyValue {
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return to
	}
	to = append(to, otelsemconv.FaaSInvocationID(lc.AwsRequestID))
	if lc.InvokedFunctionArn == "" {
		return to
	}
	to = append(to, otelsemconv.AWSLambdaInvokedARN(lc.InvokedFunctionArn))
	if arn, ok := parseARN(lc.InvokedFunctionArn); ok {
		to = append(to, otelsemconv.CloudAccountID(arn.account),
			otelsemconv.CloudResourceID(arn.resolved(lambdacontext.FunctionVersion)))
	}
	return to
}

// functionARN is a parsed arn:aws:lambda:region:account:function:name[:qualifier].
type functionARN struct {
	unqualified, account, name, qualifier string
}

func parseARN(s string) (functionARN, bool) {
	parts := strings.Split(s, ":")
	if len(parts) < 7 || len(parts) > 8 || parts[0] != "arn" || parts[5] != "function" {
		return functionARN{}, false
	}
	arn := functionARN{unqualified: strings.Join(parts[:7], ":"), account: parts[4], name: parts[6]}
	if len(parts) == 8 {
		arn.qualifier = parts[7]
	}
	return arn, true
}

// resolved is cloud.resource_id: with the version in place of an alias, since
// one sandbox may be invoked under several.
func (a functionARN) resolved(version string) string {
	if a.qualifier == "" || version == "" {
		return a.unqualified
	}
	return a.unqualified + ":" + version
}

// header is the X-Ray header of an invocation.
type header struct {
	raw    string
	parsed xray.Header
}

// lambdaHeader reads the header from the context. The environment variable
// _X_AMZN_TRACE_ID holds it only where invocations come one at a time.
func lambdaHeader(ctx context.Context) header {
	raw, _ := ctx.Value("x-amzn-trace-id").(string) // aws-lambda-go's key
	parsed, _ := xray.Parse(raw)
	return header{raw: raw, parsed: parsed}
}

// withoutLocalSpan returns ctx without a span of this process, as whoever wraps
// the handler besides may have put there: an invocation continues what came from
// outside, or begins a trace.
func withoutLocalSpan(ctx context.Context) context.Context {
	if sc := trace.SpanContextFromContext(ctx); sc.HasSpanID() && !sc.IsRemote() {
		return trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	}
	return ctx
}

// relate says how an invocation's span stands to the header's: as one of another
// trace with a link, or as its child.
//
// What the event carried, in ctx, goes before the header. Only a trace without a
// parent, the header's own, gives way to it: the header knows the parent besides.
// What the event has decided stands where the header has decided nothing.
func (h header) relate(ctx context.Context, asParent bool) (context.Context, []trace.SpanStartOption) {
	if !h.parsed.Root.IsValid() || !h.parsed.Parent.IsValid() {
		return ctx, nil
	}
	carried := trace.SpanContextFromContext(ctx)
	first := !carried.HasTraceID() || !carried.HasSpanID() && carried.TraceID() == h.parsed.Root
	if asParent && first {
		continued := h.parsed.InLambda()
		if continued.Sampled == xray.Undecided {
			continued.Sampled = xray.DecisionOf(ctx)
		}
		return xray.ContextWithHeader(ctx, continued), nil
	}
	config := trace.SpanContextConfig{TraceID: h.parsed.Root, SpanID: h.parsed.Parent, Remote: true}
	if h.parsed.Sampled == xray.Sampled {
		config.TraceFlags = trace.FlagsSampled
	}
	link := trace.Link{SpanContext: trace.NewSpanContext(config)}
	return ctx, []trace.SpanStartOption{trace.WithLinks(link)}
}

// append adds what AWS wrote into the header. Lambda's REPORT line has its Root.
func (h header) append(to []attribute.KeyValue) []attribute.KeyValue {
	if known := xray.Known(h.raw); known != "" {
		to = append(to, semconv.AmznTraceIDKey.String(known))
	}
	return to
}
