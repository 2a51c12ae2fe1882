package message_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

func other() context.Context {
	return trace.ContextWithSpanContext(context.Background(),
		mustSpanContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", ""))
}

// publishEntries returns entries with the ids a, b, c, ... and bodies of the
// given sizes.
func publishEntries(sizes ...int) []snstypes.PublishBatchRequestEntry {
	var out []snstypes.PublishBatchRequestEntry
	for i, size := range sizes {
		out = append(out, snstypes.PublishBatchRequestEntry{
			Id: new(string(rune('a' + i))), Message: new(strings.Repeat("x", size)),
		})
	}
	return out
}

// carried returns which of the three attributes each entry has, by initials.
func carried(entries []snstypes.PublishBatchRequestEntry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		for _, name := range []string{"traceparent", "tracestate", "baggage"} {
			if _, ok := e.MessageAttributes[name]; ok {
				out[i] += name + " "
			}
		}
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

func TestInjectorSNSBatch_OwnContexts_GoToTheirEntries(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1, 1, 1)
	in[0].MessageAttributes = map[string]snstypes.MessageAttributeValue{"kind": sns("order")}
	ctx := message.WithEntries(traced(), []context.Context{other(), nil, context.Background()})

	got, err := b.injector.SNSBatch(ctx, in)
	if err != nil {
		t.Fatalf("SNSBatch: %v", err)
	}
	want := []map[string]string{
		{"kind": "String order", "traceparent": "String " + traceparent2},
		{"traceparent": "String " + traceparent}, // nil: the call's
		{},                                       // a context without a trace
		{"traceparent": "String " + traceparent}, // beyond the slice: the call's
	}
	for i := range got {
		if diff := cmp.Diff(want[i], snsTexts(got[i].MessageAttributes)); diff != "" {
			t.Errorf("entry %d (-want +got):\n%s", i, diff)
		}
		if *got[i].Id != *in[i].Id || *got[i].Message != *in[i].Message {
			t.Errorf("entry %d is another one", i)
		}
	}
	if len(in[0].MessageAttributes) != 1 || in[1].MessageAttributes != nil {
		t.Error("the caller's entries were changed")
	}
}

func TestInjectorSQSBatch_OwnContexts_GoToTheirEntries(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := []sqstypes.SendMessageBatchRequestEntry{{Id: new("a"), MessageBody: new("x")}, {Id: new("b"), MessageBody: new("y")}}
	got, err := b.injector.SQSBatch(message.WithEntries(traced(), []context.Context{other()}), in)
	if err != nil {
		t.Fatalf("SQSBatch: %v", err)
	}
	if v := *got[0].MessageAttributes["traceparent"].StringValue; v != traceparent2 {
		t.Errorf("first traceparent = %q", v)
	}
	if v := *got[1].MessageAttributes["traceparent"].StringValue; v != traceparent {
		t.Errorf("second traceparent = %q", v)
	}
	if in[0].MessageAttributes != nil {
		t.Error("the caller's entries were changed")
	}
}

func TestInjectorSNSBatch_SharedBytes_AreExact(t *testing.T) {
	t.Parallel()
	const full3 = "traceparent tracestate baggage"
	for _, test := range []struct {
		name string
		room int
		want []string
	}{
		{"everything", 2 * (traceparentBytes + tracestateBytes + baggageBytes), []string{full3, full3}},
		{"a byte less", 2*(traceparentBytes+tracestateBytes+baggageBytes) - 1, []string{full3, "traceparent tracestate"}},
		{"a tracestate less", 2*traceparentBytes + tracestateBytes, []string{"traceparent tracestate", "traceparent"}},
		{"both traceparents", 2 * traceparentBytes, []string{"traceparent", "traceparent"}},
		// What is left is of no use to the second entry.
		{"a byte less than that", 2*traceparentBytes - 1, []string{full3, ""}},
		{"nothing", 0, []string{"", ""}},
		{"too large already", -1, []string{"", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, message.Config{})
			in := publishEntries(100_000, 262_144-100_000-test.room-len("subject"))
			in[1].Subject = new("subject")
			got, err := b.injector.SNSBatch(full(), in)
			if err != nil {
				t.Fatalf("SNSBatch: %v", err)
			}
			if diff := cmp.Diff(test.want, carried(got)); diff != "" {
				t.Errorf("carried (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInjectorSNSBatch_OneFullEntry_DoesNotTouchItsNeighbours(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1, 1)
	in[1].MessageAttributes = attributes(10)
	got, err := b.injector.SNSBatch(traced(), in)
	if err != nil {
		t.Fatalf("SNSBatch: %v", err)
	}
	if diff := cmp.Diff([]string{"traceparent", "", "traceparent"}, carried(got)); diff != "" {
		t.Errorf("carried (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"context: attribute_limit": 1}, b.dropped(t)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestInjectorSNSBatch_ElevenAttributes_NamesTheEntries(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1, 1, 1)
	in[1].MessageAttributes = attributes(12)
	in[3].MessageAttributes = attributes(11)
	in[3].Id = nil
	_, err := b.injector.SNSBatch(traced(), in)
	var refused *message.TooManyAttributesError
	if !errors.As(err, &refused) {
		t.Fatalf("SNSBatch = %v, want a TooManyAttributesError", err)
	}
	want := message.TooManyAttributesError{EntryIDs: []string{"b", ""}, Attributes: 12, Limit: 10}
	if diff := cmp.Diff(want, *refused); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if got, want := err.Error(), `too many attributes in batch entries "b", "": the first has 12, the limit is 10`; got != want {
		t.Errorf("error = %q, want %q", got, want)
	}
}

// "Message attributes are sent only when the message structure is String, not
// JSON" (Amazon SNS message attributes).
func TestInjectorSNSBatch_StructuredEntry_IsLeftAloneAndCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1)
	in[0].MessageStructure = new("json")
	got, err := b.injector.SNSBatch(traced(), in)
	if err != nil {
		t.Fatalf("SNSBatch: %v", err)
	}
	if diff := cmp.Diff([]string{"", "traceparent"}, carried(got)); diff != "" {
		t.Errorf("carried (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"context: message_structure": 1}, b.dropped(t)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestInjectorSNSBatch_CallersTraceparent_IsKept(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1)
	in[0].MessageAttributes = map[string]snstypes.MessageAttributeValue{"traceparent": sns(traceparent2)}
	got, err := b.injector.SNSBatch(full(), in)
	if err != nil {
		t.Fatalf("SNSBatch: %v", err)
	}
	if diff := cmp.Diff([]string{"traceparent", "traceparent tracestate baggage"}, carried(got)); diff != "" {
		t.Errorf("carried (-want +got):\n%s", diff)
	}
	if v := *got[0].MessageAttributes["traceparent"].StringValue; v != traceparent2 {
		t.Errorf("traceparent = %q, want the caller's", v)
	}
}

func TestInjectorSNSBatch_NoEntries_GivesNone(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	if got, err := b.injector.SNSBatch(traced(), nil); err != nil || len(got) != 0 {
		t.Errorf("SNSBatch = %v, %v", got, err)
	}
}
