//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// What a call of SQS takes, and how many large letters fit into one.
const (
	mostLettersInCall = 10
	largeLetter       = 60 << 10
	largeInCall       = 4
	mostOfMessage     = 10 // attributes
)

// deadLetterLimits is poison by the batch, so much that dead letters fill calls
// of SQS, and poison that has no room for a reason.
func deadLetterLimits() scenario {
	return scenario{
		name: "consumer/dead-letters-at-limits", what: "Dead letters fill calls of SQS by number and by size, have ten attributes already, and are refused together but not alone.",
		setup: func(s *settings) { s.consumer.BatchSize, s.consumer.BatchWindow = 100, time.Second },
		run:   func(ctx context.Context, w *world) error { return w.fillLetters(ctx) },
		check: func(w *world, a *account) error {
			return errors.Join(wantLetters(a, int(w.hits.Load())), wantNoteOfDropped(a))
		},
	}
}

// fillLetters sends poison of one kind after the other. Each is a hit.
func (w *world) fillLetters(ctx context.Context) error {
	var most, refused atomic.Int64
	var refuse atomic.Bool
	dlq := w.consumer.DLQName()
	fault := func(c messaging.Call) *messaging.Fault {
		if c.Resource != dlq || c.Action != "SendMessageBatch" {
			return nil
		}
		if most.Load() < int64(c.Entries) {
			most.Store(int64(c.Entries))
		}
		if !refuse.Load() || c.Entries == 1 {
			return nil
		}
		refused.Add(1)
		return &messaging.Fault{Error: &messaging.Error{Code: "InvalidParameterValue", Message: "made up", Status: http.StatusBadRequest}}
	}
	w.fault.Store(&fault)
	defer w.failCalls(nil)
	together := func(n, size int) (int64, error) {
		most.Store(0)
		var all []*entry
		for range n {
			all = append(all, w.malformed(size))
		}
		w.hits.Add(int64(n))
		err := errors.Join(w.publish(ctx, all...), w.drained(ctx))
		return most.Load(), err
	}
	for _, tc := range []struct{ size, most int }{{100, mostLettersInCall}, {largeLetter, largeInCall}} {
		n, err := together(3*tc.most, tc.size)
		if err != nil {
			return err
		}
		if n > int64(tc.most) || n < 2 {
			return fmt.Errorf("most dead letters of %d bytes in a call are %d, want several, and %d at most", tc.size, n, tc.most)
		}
	}
	if err := w.sendFullAttributes(ctx); err != nil {
		return err
	}
	refuse.Store(true)
	if _, err := together(mostLettersInCall, 100); err != nil {
		return fmt.Errorf("where calls with several dead letters are refused: %w", err)
	}
	if refused.Load() == 0 {
		return errors.New("no call had several dead letters that could be refused")
	}
	return w.send(ctx, w.sc.events)
}

// malformed is a message of about so many bytes that is no event.
func (w *world) malformed(bytes int) *entry {
	return &entry{
		body: fmt.Sprintf(`{"specversion":"1.0","id":"malformed-%d","data":"%s`, w.serial.Add(1), strings.Repeat("x", bytes)),
		want: inDLQ, reason: semconv.ReasonMalformed, code: event.CodeMalformedJSON,
	}
}

// sendFullAttributes puts poison on the topic that has as many attributes as a
// message may have, its traceparent included.
func (w *world) sendFullAttributes(ctx context.Context) error {
	e := w.malformed(100)
	if err := w.publishWith(ctx, w.instrumented(), e, mostOfMessage-1); err != nil {
		return err
	}
	w.books.answered(e, accepted, "SNS took it")
	if err := w.drained(ctx); err != nil {
		return fmt.Errorf("a message with %d attributes: %w", mostOfMessage, err)
	}
	return nil
}

// wantNoteOfDropped wants a dead letter that has lost attributes to say which,
// and none to have more than there may be.
func wantNoteOfDropped(a *account) error {
	noted := 0
	for _, d := range a.letters {
		if len(d.attributes) > mostOfMessage {
			return fmt.Errorf("message %s in %s has %d attributes, want %d at most", d.messageID, d.queue, len(d.attributes), mostOfMessage)
		}
		if d.attributes[consumer.AttributeDropped] != "" {
			noted++
		}
	}
	if noted != 1 {
		return fmt.Errorf("%d dead letters say that they have lost attributes, want 1", noted)
	}
	return nil
}
