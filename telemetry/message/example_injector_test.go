package message_test

import (
	"context"
	"fmt"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// Only who does not use awssdk.Instrument needs this.
func ExampleInjector() {
	injector := message.NewInjector(message.Config{})

	traceID, _ := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	spanID, _ := trace.SpanIDFromHex("b7ad6b7169203331")
	ctx := trace.ContextWithSpanContext(context.Background(),
		trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled}))

	body := "hello"
	attributes, err := injector.SNS(ctx, map[string]snstypes.MessageAttributeValue{}, len(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*attributes["traceparent"].StringValue)
	// Output: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
}
