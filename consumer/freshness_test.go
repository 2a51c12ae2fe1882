package consumer_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// acceptedAgo is the n-th order, accepted that long ago.
func acceptedAgo(n int, ago time.Duration) events.SQSMessage {
	m := placed(n)
	m.MessageAttributes["accepted-at"] = attribute(time.Now().Add(-ago).UTC().Format(time.RFC3339Nano))
	return m
}

// storedLine is the one line about new events.
func (b *bundle) storedLine() map[string]any {
	b.t.Helper()
	lines := b.log.with(semconv.LogEventsStored)
	if len(lines) != 1 {
		b.t.Fatalf("%d lines about new events, want 1: %v", len(lines), lines)
	}
	return lines[0]
}

func TestConsumer_NewEvents_OneLineTellsHowFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		unknown := placed(3)
		delete(unknown.MessageAttributes, "accepted-at")
		b.invoke(t.Context(), acceptedAgo(0, time.Second), acceptedAgo(1, 59*time.Second), acceptedAgo(2, 61*time.Second),
			unknown, acceptedAgo(4, -time.Hour), acceptedAgo(2, time.Hour)) // a clock ahead of ours; the same event once more
		line := b.storedLine()
		if line["stored"] != 5.0 || line["late"] != 1.0 || line["level"] != "INFO" {
			t.Errorf("line is %v, want 5 stored, 1 late", line)
		}
		if ms, _ := line["slowest_ms"].(float64); ms < 61_000 || ms > 90_000 {
			t.Errorf("the slowest took %v ms, want 61 s", line["slowest_ms"])
		}
	})
}

func TestConsumer_Freshness_AsConfigured(t *testing.T) {
	b := setup(t, func(c *consumer.Config) { c.Freshness = time.Millisecond })
	b.invoke(t.Context(), orders(3)...)
	if line := b.storedLine(); line["stored"] != 3.0 || line["late"] != 3.0 {
		t.Errorf("line is %v, want 3 stored, 3 late", line)
	}
}

// The write is done in pieces around a poison message: still one line.
func TestConsumer_PoisonAmongNewEvents_OneLine(t *testing.T) {
	b := setup(t, nil)
	b.sink.poison["2"] = true
	b.invoke(t.Context(), orders(5)...)
	if line := b.storedLine(); line["stored"] != 4.0 || line["late"] != 0.0 {
		t.Errorf("line is %v, want 4 stored", line)
	}
}

func TestConsumer_NothingNew_NoLine(t *testing.T) {
	for name, prepare := range map[string]func(*bundle){
		"stored before": func(b *bundle) { b.invoke(b.t.Context(), orders(3)...); b.log.lines = nil },
		"store away":    func(b *bundle) { b.sink.write = func(context.Context, int) error { return errors.New("away") } },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, nil)
			prepare(b)
			b.invoke(t.Context(), orders(3)...)
			if lines := b.log.with(semconv.LogEventsStored); lines != nil {
				t.Errorf("lines %v", lines)
			}
		})
	}
}
