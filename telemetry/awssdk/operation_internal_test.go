package awssdk

import (
	"context"
	"strconv"
	"testing"
)

// A program may have a queue for every customer.
func TestOperation_MoreQueuesThanAreRemembered_AreStillRight(t *testing.T) {
	t.Parallel()
	i := newInstrumentation(Config{})
	for n := range maxKnown + 10 {
		name := strconv.Itoa(n)
		if op := i.operation(context.Background(), "https://sqs/"+name, send); op.spanName != "send "+name {
			t.Fatalf("span name = %q, want that of queue %s", op.spanName, name)
		}
	}
	if len(i.known) != maxKnown {
		t.Errorf("%d operations are remembered, want %d", len(i.known), maxKnown)
	}
}
