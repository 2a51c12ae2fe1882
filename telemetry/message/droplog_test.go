package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slogtrace.NewHandler(slog.NewJSONHandler(l, nil)))
}

// take returns the lines since the last call, without their times.
func (l *lines) take(t *testing.T) (all []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range strings.Lines(l.text.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		delete(line, "time")
		all = append(all, line)
	}
	l.text.Reset()
	return all
}

// line is about contexts in traceparent's trace that had no room in SNS.
func line(part string, contexts float64) map[string]any {
	return map[string]any{
		"level": "WARN", "msg": "context dropped", "part": part, "reason": "size_limit", "contexts": contexts, "messaging.system": "aws.sns",
		"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331", "trace_flags": "01",
	}
}

// fill sends a message that leaves no byte for what is in ctx.
func fill(ctx context.Context, t *testing.T, i *message.Injector) {
	t.Helper()
	if _, err := i.SNS(ctx, nil, 256<<10); err != nil {
		t.Fatal(err)
	}
}

func TestDropped_FewContexts_LineForEachPartAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		i := setup(t, message.Config{Logger: log.logger()}).injector
		fill(full(), t, i)
		want := []map[string]any{line("context", 1), line("tracestate", 1), line("baggage", 1)}
		if diff := cmp.Diff(want, log.take(t)); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		time.Sleep(time.Minute)
		if late := log.take(t); late != nil {
			t.Errorf("%v for nothing more", late)
		}
	})
}

// A flood of drops: a line at once, one a second, and none is left uncounted.
func TestDropped_Flood_OneLineASecondCountsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		b := setup(t, message.Config{Logger: log.logger()})
		for range 2500 { // in 2.5 s
			fill(traced(), t, b.injector)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		written, counted := log.take(t), 0.0
		for _, l := range written {
			counted += l["contexts"].(float64)
			if l["trace_id"] != "0af7651916cd43dd8448eb211c80319c" {
				t.Errorf("%v is in no trace", l)
			}
		}
		if len(written) != 4 || counted != 2500 {
			t.Errorf("%d lines count %v contexts, want 4 of 2500: %v", len(written), counted, written)
		}
		if metric := b.dropped(t)["context: size_limit"]; metric != 2500 {
			t.Errorf("the metric counts %d", metric)
		}
		fill(traced(), t, b.injector)
		if diff := cmp.Diff([]map[string]any{line("context", 1)}, log.take(t)); diff != "" {
			t.Errorf("a drop after a quiet time (-want +got):\n%s", diff)
		}
	})
}

func TestDropped_EntryOfABatch_LineInItsOwnTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		i := setup(t, message.Config{Logger: log.logger()}).injector
		ctx := message.WithEntries(context.Background(), []context.Context{nil, traced()})
		_, err := i.SNSBatch(ctx, []snstypes.PublishBatchRequestEntry{
			{Id: new("0"), Message: new("{}")}, {Id: new("1"), Message: new("{}"), MessageStructure: new("json")},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := line("context", 1)
		want["reason"] = semconv.ReasonMessageStructure
		if diff := cmp.Diff([]map[string]any{want}, log.take(t)); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestDropped_FromManyGoroutines_AllCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		i := setup(t, message.Config{Logger: log.logger()}).injector
		for range 8 {
			go func() {
				for range 100 {
					i.CountDropped(traced(), "aws.sns", "size_limit")
					time.Sleep(9 * time.Millisecond)
				}
			}()
		}
		time.Sleep(time.Minute)
		counted := 0.0
		for _, l := range log.take(t) {
			counted += l["contexts"].(float64)
		}
		if counted != 800 {
			t.Errorf("the lines count %v contexts, want 800", counted)
		}
	})
}
