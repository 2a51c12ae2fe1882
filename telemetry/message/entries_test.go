package message_test

import (
	"context"
	"strconv"
	"testing"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

func TestInjectorSNSBatch_OwnEntries_AreWrittenTo(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1)
	attrs := attributes(2)
	in[0].MessageAttributes = attrs // the other one has no map at all
	got, err := b.injector.SNSBatch(message.WithOwnEntries(full(), []context.Context{traced()}), in)
	if err != nil {
		t.Fatalf("SNSBatch: %v", err)
	}
	if &got[0] != &in[0] || len(attrs) != 3 || *attrs["traceparent"].StringValue != traceparent {
		t.Errorf("the entries were copied: attributes are %v", snsTexts(attrs))
	}
	if n := len(in[1].MessageAttributes); n != 3 {
		t.Errorf("the entry without attributes has %d now, want the three of a context", n)
	}
}

func TestInjectorSNSBatch_OwnEntriesOverBudget_AreLeftAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	in := publishEntries(1, 1)
	in[0].MessageAttributes, in[1].MessageAttributes = attributes(3), attributes(11)
	if _, err := b.injector.SNSBatch(message.WithOwnEntries(full(), nil), in); err == nil {
		t.Fatal("SNSBatch did not fail")
	}
	if n := len(in[0].MessageAttributes); n != 3 {
		t.Errorf("the entry of a batch that is refused has %d attributes, want its own 3", n)
	}
}

func TestOwn_NearestContextCounts(t *testing.T) {
	t.Parallel()
	none := context.Background()
	own := message.WithOwnEntries(none, nil)
	if message.Own(none) || !message.Own(own) || message.Own(message.WithEntries(own, nil)) {
		t.Error("Own is not what the nearest context says")
	}
}

// What a batch of ten costs: the context of the call, and one allocation that
// holds all texts.
func TestInjectorSNSBatch_OwnEntries_FewAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	b := setup(t, message.Config{})
	contexts := make([]context.Context, 10)
	in := make([]snstypes.PublishBatchRequestEntry, 10)
	for i := range in {
		contexts[i] = traced()
		in[i] = snstypes.PublishBatchRequestEntry{Id: new(strconv.Itoa(i)), Message: new("x"), MessageAttributes: attributes(4)}
	}
	n := testing.AllocsPerRun(100, func() {
		for i := range in {
			delete(in[i].MessageAttributes, "traceparent")
		}
		if _, err := b.injector.SNSBatch(message.WithOwnEntries(context.Background(), contexts), in); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%v allocations", n)
	if n > 2 {
		t.Errorf("%v allocations, want 2 at most", n)
	}
}
