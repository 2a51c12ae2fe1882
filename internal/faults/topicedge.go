//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

const (
	// mostCall is what a call of SNS takes, and a message of it: all bodies with
	// the names, types and values of their attributes.
	mostCall = 256 << 10

	// edgeTries is how often it is tried to have exactly so many bytes: the time
	// of acceptance in a message has a digit less now and then.
	edgeTries = 12
)

// sendEdges sends batches that have a byte less than a call of SNS may have
// with all attributes and contexts, as many, and one more, and single events
// whose contexts do likewise. Every one is a hit.
func (w *world) sendEdges(ctx context.Context) error {
	var calls atomic.Int64
	w.failCalls(func(c messaging.Call) *messaging.Fault {
		if c.Action == "PublishBatch" {
			calls.Add(1)
		}
		return nil
	})
	defer w.failCalls(nil)
	for beyond := -1; beyond <= 1; beyond++ {
		if err := w.fullCall(ctx, beyond, &calls); err != nil {
			return fmt.Errorf("a call of %d bytes: %w", mostCall+beyond, err)
		}
		if err := w.fullMessage(ctx, beyond); err != nil {
			return fmt.Errorf("a message of %d bytes: %w", mostCall+beyond, err)
		}
	}
	return nil
}

// fullCall sends events that have together so many bytes more than a call may.
// With one byte too many, one of them goes in another call.
func (w *world) fullCall(ctx context.Context, beyond int, calls *atomic.Int64) error {
	const inCall = 4
	for range edgeTries {
		probe, err := w.carried(ctx, nil, mostCall/inCall-1024)
		if err != nil {
			return err
		}
		about := sizeOf(probe) - len(probe.Body)
		var events []*entry
		var texts [][]byte
		left := mostCall + beyond - inCall*about
		for n := inCall; n > 0; n-- {
			e, text := w.sized(left / n)
			left -= left / n
			events, texts = append(events, e), append(texts, text)
		}
		before := calls.Load()
		if r := w.postText(ctx, nil, event.MediaTypeBatch, slicesJSON(texts), events...); r.status != http.StatusAccepted {
			return fmt.Errorf("the answer is %d %s", r.status, r.text)
		}
		w.hit()
		size, want := 0, int64(1)
		for _, e := range events {
			m, err := w.queued(e)
			if err != nil {
				return err
			}
			if m.Attributes["traceparent"].Value == "" {
				return errors.New("an event has lost its traceparent to the others")
			}
			size += sizeOf(m)
		}
		if size != mostCall+beyond {
			continue
		}
		if beyond > 0 {
			want = 2
		}
		if n := calls.Load() - before; n != want {
			return fmt.Errorf("it took %d calls, want %d", n, want)
		}
		return nil
	}
	return fmt.Errorf("none had so many in %d attempts", edgeTries)
}

// fullMessage sends the largest event with a context with which it has so many
// bytes more than a message may. With one byte too many, its baggage stays
// behind.
func (w *world) fullMessage(ctx context.Context, beyond int) error {
	header := wide()
	bags := func(bytes int) http.Header {
		h := header.Clone()
		h.Set("Baggage", "a="+strings.Repeat("v", 4000)+",b="+strings.Repeat("v", bytes-4005))
		return h
	}
	const some = 7000
	for range edgeTries {
		probe, err := w.carried(ctx, bags(some), mostEvent-2048)
		if err != nil {
			return err
		}
		if _, all := probe.Attributes["baggage"]; !all {
			return errors.New("a message that has room for its context has lost some of it")
		}
		about, digits := sizeOf(probe)-len(probe.Body), len(probe.Attributes[event.AttributeAcceptedAt].Value)
		e, text := w.sized(mostEvent)
		if r := w.postText(ctx, bags(mostCall+beyond-mostEvent-about+some), event.MediaTypeEvent, text, e); r.status != http.StatusAccepted {
			return fmt.Errorf("the answer is %d %s", r.status, r.text)
		}
		w.hit()
		m, err := w.queued(e)
		if err != nil {
			return err
		}
		size := sizeOf(m)
		_, bags := m.Attributes["baggage"]
		switch {
		case beyond <= 0 && bags && size == mostCall+beyond:
			return nil
		case beyond > 0 && !bags && len(m.Attributes[event.AttributeAcceptedAt].Value) == digits:
			return nil
		}
	}
	return fmt.Errorf("none had so many in %d attempts", edgeTries)
}

// carried sends an event of a size and returns its message.
func (w *world) carried(ctx context.Context, header http.Header, bytes int) (messaging.StoredMessage, error) {
	e, text := w.sized(bytes)
	if r := w.postText(ctx, header, event.MediaTypeBatch, slicesJSON([][]byte{text}), e); r.status != http.StatusAccepted {
		return messaging.StoredMessage{}, fmt.Errorf("the answer is %d %s", r.status, r.text)
	}
	return w.queued(e)
}

// queued finds an event's message in the queue.
func (w *world) queued(e *entry) (messaging.StoredMessage, error) {
	queue, _ := w.queues()
	messages, err := w.Broker().Messages(queue, mostLetters)
	if err != nil {
		return messaging.StoredMessage{}, err
	}
	for _, m := range messages {
		if strings.Contains(m.Body[:min(len(m.Body), 100)], strconv.Quote(e.key.ID)) {
			return m, nil
		}
	}
	return messaging.StoredMessage{}, fmt.Errorf("%s is not in the queue", e.key)
}

// sizeOf is what counts of a message: its body, and names, types and values of
// its attributes.
func sizeOf(m messaging.StoredMessage) int {
	size := len(m.Body)
	for name, a := range m.Attributes {
		size += len(name) + len("String") + len(a.Value)
	}
	return size
}
