package message_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

func TestInjectorSNS_Context_BecomesStringAttributes(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := map[string]snstypes.MessageAttributeValue{"kind": sns("order")}
	got, err := b.injector.SNS(full(), in, 100)
	if err != nil {
		t.Fatalf("SNS: %v", err)
	}
	want := map[string]string{
		"kind": "String order", "traceparent": "String " + traceparent,
		"tracestate": "String " + tracestate, "baggage": "String tenant=acme",
	}
	if diff := cmp.Diff(want, snsTexts(got)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"kind": "String order"}, snsTexts(in)); diff != "" {
		t.Errorf("the caller's map was changed (-want +got):\n%s", diff)
	}
	if d := b.dropped(t); len(d) != 0 {
		t.Errorf("dropped %v, want nothing", d)
	}
}

func TestInjectorSQS_Context_BecomesStringAttributes(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	got, err := b.injector.SQS(full(), nil, 100)
	if err != nil {
		t.Fatalf("SQS: %v", err)
	}
	want := map[string]sqstypes.MessageAttributeValue{
		"traceparent": sqs(traceparent), "tracestate": sqs(tracestate), "baggage": sqs("tenant=acme"),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sqstypes.MessageAttributeValue{})); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestInjectorSNS_NotSampled_TravelsToo(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	ctx := trace.ContextWithSpanContext(context.Background(), spanContext("").WithTraceFlags(0))
	got, err := b.injector.SNS(ctx, nil, 0)
	if want := "String " + traceparent[:53] + "00"; err != nil || snsTexts(got)["traceparent"] != want {
		t.Errorf("SNS = %v, %v, want traceparent %s", snsTexts(got), err, want)
	}
}

func TestInjectorSNS_NoContext_ReturnsAttributesAsTheyAre(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := map[string]snstypes.MessageAttributeValue{"kind": sns("order")}
	got, err := b.injector.SNS(context.Background(), in, 0)
	if err != nil || len(got) != 1 {
		t.Errorf("SNS = %v, %v", snsTexts(got), err)
	}
	if got, err = b.injector.SNS(context.Background(), nil, 0); err != nil || got != nil {
		t.Errorf("SNS without attributes = %v, %v, want nil", got, err)
	}
}

func TestInjectorSNS_TwoMessages_ShareNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	one, _ := b.injector.SNS(traced(), nil, 0)
	two, _ := b.injector.SNS(traced(), nil, 0)
	*one["traceparent"].DataType = "changed"
	*one["traceparent"].StringValue = "changed"
	if got := snsTexts(two)["traceparent"]; got != "String "+traceparent {
		t.Errorf("traceparent of the other message = %q", got)
	}
}

// attributes returns n attributes of 11 bytes each.
func attributes(n int) map[string]snstypes.MessageAttributeValue {
	out := map[string]snstypes.MessageAttributeValue{}
	for i := range n {
		out["key"+strconv.Itoa(i%10)+strings.Repeat("x", i/10)] = sns("v")
	}
	return out
}

func TestInjectorSNS_AttributeBudget_GivesUpBaggageThenTracestateThenContext(t *testing.T) {
	t.Parallel()
	for own, want := range map[int]struct {
		added   []string
		dropped map[string]int64
	}{
		7:  {[]string{"traceparent", "tracestate", "baggage"}, map[string]int64{}},
		8:  {[]string{"traceparent", "tracestate"}, map[string]int64{"baggage: attribute_limit": 1}},
		9:  {[]string{"traceparent"}, map[string]int64{"baggage: attribute_limit": 1, "tracestate: attribute_limit": 1}},
		10: {nil, map[string]int64{"baggage: attribute_limit": 1, "tracestate: attribute_limit": 1, "context: attribute_limit": 1}},
	} {
		b := setup(t, message.Config{})
		got, err := b.injector.SNS(full(), attributes(own), 0)
		if err != nil {
			t.Errorf("%d attributes: %v", own, err)
		}
		if len(got) != own+len(want.added) {
			t.Errorf("%d attributes became %d", own, len(got))
		}
		for _, name := range want.added {
			if _, ok := got[name]; !ok {
				t.Errorf("%d attributes: %s is missing", own, name)
			}
		}
		if diff := cmp.Diff(want.dropped, b.dropped(t)); diff != "" {
			t.Errorf("%d attributes: dropped (-want +got):\n%s", own, diff)
		}
	}
}

func TestInjectorSNS_ElevenAttributes_AreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	for _, ctx := range []context.Context{full(), context.Background()} {
		_, err := b.injector.SNS(ctx, attributes(11), 0)
		var refused *message.TooManyAttributesError
		if !errors.As(err, &refused) {
			t.Fatalf("SNS with 11 attributes = %v, want a TooManyAttributesError", err)
		}
		if refused.Attributes != 11 || refused.Limit != 10 || refused.EntryIDs != nil {
			t.Errorf("error = %+v", refused)
		}
		if got, want := err.Error(), "message has 11 attributes, the limit is 10"; got != want {
			t.Errorf("error = %q, want %q", got, want)
		}
	}
	raised := setup(t, message.Config{Budget: message.Budget{Attributes: 20}})
	if got, err := raised.injector.SNS(full(), attributes(11), 0); err != nil || len(got) != 14 {
		t.Errorf("with a budget of 20: %d attributes, %v", len(got), err)
	}
}

func TestInjectorSNS_ByteBudget_IsExact(t *testing.T) {
	t.Parallel()
	const limit = 262_144
	own := map[string]snstypes.MessageAttributeValue{
		"text":   sns("value"),
		"number": {DataType: new("Number.int"), StringValue: new("42")},
		"binary": {DataType: new("Binary"), BinaryValue: []byte("bytes")},
	}
	ownBytes := len("text"+"String"+"value") + len("number"+"Number.int"+"42") + len("binary"+"Binary"+"bytes")
	all := traceparentBytes + tracestateBytes + baggageBytes
	for _, test := range []struct {
		name  string
		room  int // bytes left for the context
		added []string
	}{
		{"everything and a byte", all + 1, []string{"traceparent", "tracestate", "baggage"}},
		{"everything", all, []string{"traceparent", "tracestate", "baggage"}},
		{"a byte less", all - 1, []string{"traceparent", "tracestate"}},
		{"no baggage", traceparentBytes + tracestateBytes, []string{"traceparent", "tracestate"}},
		{"a byte less than that", traceparentBytes + tracestateBytes - 1, []string{"traceparent"}},
		{"traceparent", traceparentBytes, []string{"traceparent"}},
		{"a byte less than traceparent", traceparentBytes - 1, nil},
		{"nothing", 0, nil},
		{"the message alone is too large", -1, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, message.Config{})
			got, err := b.injector.SNS(full(), own, limit-ownBytes-test.room)
			if err != nil {
				t.Fatalf("SNS: %v", err)
			}
			if len(got) != len(own)+len(test.added) {
				t.Errorf("%d attributes were added, want %v", len(got)-len(own), test.added)
			}
			for _, name := range test.added {
				if _, ok := got[name]; !ok {
					t.Errorf("%s is missing", name)
				}
			}
			if dropped := b.dropped(t); len(dropped) != 3-len(test.added) {
				t.Errorf("dropped %v, want %d parts", dropped, 3-len(test.added))
			}
		})
	}
}

// Baggage goes first even where it alone would fit.
func TestInjectorSNS_LargeTracestate_DoesNotOutliveBaggage(t *testing.T) {
	t.Parallel()
	large := "vendor=" + strings.Repeat("x", 200)
	ctx := withBaggage(trace.ContextWithSpanContext(context.Background(), spanContext(large)))
	for room, want := range map[int]map[string]int64{
		traceparentBytes + baggageBytes: {"tracestate: size_limit": 1, "baggage: size_limit": 1},
		traceparentBytes - 1:            {"context: size_limit": 1, "tracestate: size_limit": 1, "baggage: size_limit": 1},
	} {
		b := setup(t, message.Config{Budget: message.Budget{Bytes: room}})
		if _, err := b.injector.SNS(ctx, nil, 0); err != nil {
			t.Errorf("SNS: %v", err)
		}
		if diff := cmp.Diff(want, b.dropped(t)); diff != "" {
			t.Errorf("dropped with %d bytes (-want +got):\n%s", room, diff)
		}
	}
}

func TestInjectorSNS_BaggageAlone_Travels(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	got, err := b.injector.SNS(withBaggage(context.Background()), nil, 0)
	if diff := cmp.Diff(map[string]string{"baggage": "String tenant=acme"}, snsTexts(got)); err != nil || diff != "" {
		t.Errorf("attributes (-want +got), %v:\n%s", err, diff)
	}
}

func TestInjectorSNS_CallersTraceparent_IsKeptAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := map[string]snstypes.MessageAttributeValue{"traceparent": sns(traceparent2)}
	got, err := b.injector.SNS(full(), in, 0)
	if err != nil {
		t.Fatalf("SNS: %v", err)
	}
	if diff := cmp.Diff(map[string]string{"traceparent": "String " + traceparent2}, snsTexts(got)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if d := b.dropped(t); len(d) != 0 {
		t.Errorf("dropped %v: the caller's choice is not a loss", d)
	}
}

func TestInjectorSNS_CallersBaggage_IsNotOverwritten(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := map[string]snstypes.MessageAttributeValue{"baggage": sns("mine=1"), "tracestate": sns("mine=1")}
	got, err := b.injector.SNS(full(), in, 0)
	want := map[string]string{
		"traceparent": "String " + traceparent, "baggage": "String mine=1", "tracestate": "String mine=1",
	}
	if diff := cmp.Diff(want, snsTexts(got)); err != nil || diff != "" {
		t.Errorf("attributes (-want +got), %v:\n%s", err, diff)
	}
}

// writes is a propagator that sets what it is told to.
type writes map[string]string

func (w writes) Inject(_ context.Context, c propagation.TextMapCarrier) {
	for _, name := range c.Keys() {
		panic("the carrier has " + name + " already")
	}
	for name, value := range w {
		c.Set(name, "overwritten")
		c.Set(name, value)
		if got := c.Get(name); value != "" && got != value {
			panic(name + " = " + got)
		}
	}
}

func (writes) Extract(ctx context.Context, _ propagation.TextMapCarrier) context.Context { return ctx }

func (writes) Fields() []string { return nil }

func TestInjectorSNS_OtherPropagator_HalfAContextIsNone(t *testing.T) {
	t.Parallel()
	w := writes{"b3-traceid": "1", "b3-spanid": "2"}
	b := setup(t, message.Config{Propagator: w})
	if got, err := b.injector.SNS(context.Background(), attributes(8), 0); err != nil || len(got) != 10 {
		t.Errorf("with room for two: %d attributes, %v", len(got), err)
	}
	if got, err := b.injector.SNS(context.Background(), attributes(9), 0); err != nil || len(got) != 9 {
		t.Errorf("with room for one: %d attributes, %v", len(got), err)
	}
	if diff := cmp.Diff(map[string]int64{"context: attribute_limit": 1}, b.dropped(t)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestInjectorSNS_OtherPropagatorsContextSetByCaller_IsKeptAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{Propagator: writes{"b3-traceid": "1", "b3-spanid": "2", "baggage": "a=b"}})
	in := map[string]snstypes.MessageAttributeValue{"b3-spanid": sns("mine")}
	got, err := b.injector.SNS(context.Background(), in, 0)
	if diff := cmp.Diff(map[string]string{"b3-spanid": "String mine"}, snsTexts(got)); err != nil || diff != "" {
		t.Errorf("attributes (-want +got), %v:\n%s", err, diff)
	}
}

func TestInjectorSNS_TextThatAWSRefuses_IsLeftOut(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]writes{
		"control character": {"id": "a\x00b"},
		"not ASCII":         {"id": "é"},
		"name":              {"my id": "x"},
		"no name":           {"": "x"},
		"long name":         {strings.Repeat("n", 257): "x"},
	} {
		b := setup(t, message.Config{Propagator: w})
		if got, err := b.injector.SQS(context.Background(), nil, 0); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if diff := cmp.Diff(map[string]int64{"context: unsupported_text": 1}, b.dropped(t)); diff != "" {
			t.Errorf("%s: dropped (-want +got):\n%s", name, diff)
		}
	}
}

// SNS and SQS refuse an empty value, so that the publish would fail.
func TestInjectorSNS_EmptyValue_IsLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{Propagator: emptyValue{}})
	if got, err := b.injector.SNS(context.Background(), nil, 0); err != nil || len(got) != 0 {
		t.Errorf("SNS = %v, %v", snsTexts(got), err)
	}
}

type emptyValue struct{ writes }

func (emptyValue) Inject(_ context.Context, c propagation.TextMapCarrier) { c.Set("traceparent", "") }

func TestInjector_CountDropped_CountsContext(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	b.injector.CountDropped(context.Background(), "aws.sns", "message_structure")
	if diff := cmp.Diff(map[string]int64{"context: message_structure": 1}, b.dropped(t)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestInjector_Concurrently_KeepsContextsApart(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	other := trace.ContextWithSpanContext(context.Background(),
		mustSpanContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", ""))
	done := make(chan error)
	for worker := range 8 {
		ctx, want := traced(), "String "+traceparent
		if worker%2 == 1 {
			ctx, want = other, "String "+traceparent2
		}
		go func() {
			for range 200 {
				got, err := b.injector.SNS(ctx, nil, 0)
				if err != nil || snsTexts(got)["traceparent"] != want {
					done <- errors.New("got " + snsTexts(got)["traceparent"])
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestInjectorSNS_SameInputTwice_SameResult(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := attributes(3)
	one, _ := b.injector.SNS(full(), in, 0)
	two, _ := b.injector.SNS(full(), one, 0) // what a retry outside the SDK would do
	if !maps.Equal(snsTexts(one), snsTexts(two)) {
		t.Errorf("injected twice: %v, want %v", snsTexts(two), snsTexts(one))
	}
}
