package slogtrace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID  = "00f067aa0ba902b7"
)

// inSpan returns a context within a sampled span.
func inSpan(tb testing.TB) context.Context {
	tb.Helper()
	t, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := trace.SpanIDFromHex(spanID)
	if err != nil {
		tb.Fatal(err)
	}
	return trace.ContextWithSpanContext(tb.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: t, SpanID: s, TraceFlags: trace.FlagsSampled}))
}

// logged returns the one line that log writes, without the time.
func logged(t *testing.T, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	log(slog.New(slogtrace.NewHandler(slog.NewJSONHandler(&out, nil))))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if n := strings.Count(out.String(), `"trace_id"`); n > 1 {
		t.Errorf("trace_id is there %d times: %s", n, out.String())
	}
	delete(line, "time")
	return line
}

func TestHandler(t *testing.T) {
	type object = map[string]any
	in := func(o object) object {
		o["trace_id"], o["span_id"], o["trace_flags"] = traceID, spanID, "01"
		return o
	}
	tests := map[string]struct {
		log  func(context.Context, *slog.Logger)
		want object
	}{
		"Plain": {
			log:  func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "m", "a", "1") },
			want: object{"level": "INFO", "msg": "m", "a": "1"},
		},
		"ManyAttrs": {
			log: func(ctx context.Context, l *slog.Logger) {
				l.InfoContext(ctx, "m", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6")
			},
			want: object{"level": "INFO", "msg": "m", "a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"},
		},
		"With": {
			log:  func(ctx context.Context, l *slog.Logger) { l.With("a", "1").InfoContext(ctx, "m", "b", "2") },
			want: object{"level": "INFO", "msg": "m", "a": "1", "b": "2"},
		},
		"Group": {
			log:  func(ctx context.Context, l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "m", "a", "1") },
			want: object{"level": "INFO", "msg": "m", "g": object{"a": "1"}},
		},
		"EmptyGroup": {
			log:  func(ctx context.Context, l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "m") },
			want: object{"level": "INFO", "msg": "m"},
		},
		"NestedGroups": {
			log: func(ctx context.Context, l *slog.Logger) {
				l.With("a", "1").WithGroup("g").With("b", "2").WithGroup("h").With("c", "3").With("d", "4").InfoContext(ctx, "m", "e", "5")
			},
			want: object{"level": "INFO", "msg": "m", "a": "1", "g": object{"b": "2", "h": object{"c": "3", "d": "4", "e": "5"}}},
		},
	}
	for name, tc := range tests {
		t.Run(name+"_InSpan_TraceAtTopLevel", func(t *testing.T) {
			got := logged(t, func(l *slog.Logger) { tc.log(inSpan(t), l) })
			want := in(object{})
			maps.Copy(want, tc.want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run(name+"_OutsideSpan_Unchanged", func(t *testing.T) {
			got := logged(t, func(l *slog.Logger) { tc.log(t.Context(), l) })
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHandler_DerivedLoggers_ShareNothing(t *testing.T) {
	var out bytes.Buffer
	ctx := inSpan(t)
	base := slog.New(slogtrace.NewHandler(slog.NewJSONHandler(&out, nil))).WithGroup("g").With("a", "1")
	one, two := base.With("b", "one"), base.With("b", "two")
	deepOne, deepTwo := base.WithGroup("h"), base.WithGroup("i")
	for _, l := range []*slog.Logger{one, two, deepOne, deepTwo} {
		l.InfoContext(ctx, "m", "c", "3")
	}
	for _, want := range []string{`"g":{"a":"1","b":"one","c":"3"}`, `"g":{"a":"1","b":"two","c":"3"}`, `"g":{"a":"1","h":{"c":"3"}}`, `"g":{"a":"1","i":{"c":"3"}}`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing from\n%s", want, out.String())
		}
	}
}

// A record may be handled by several handlers, which share its attributes.
func TestHandler_RecordShared_IsNotChanged(t *testing.T) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
	r.Add("a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6)
	h := slogtrace.NewHandler(slog.DiscardHandler)
	if err := h.Handle(inSpan(t), r); err != nil {
		t.Fatal(err)
	}
	r.Add("g", 7)
	var keys []string
	r.Attrs(func(a slog.Attr) bool { keys = append(keys, a.Key); return true })
	if got := strings.Join(keys, ""); got != "abcdefg" {
		t.Errorf("the record's keys are %s", got)
	}
}

// TestHandler_SlogTest runs the standard library's conformance test, with and
// without a span.
func TestHandler_SlogTest(t *testing.T) {
	for name, ctx := range map[string]context.Context{"OutsideSpan": t.Context(), "InSpan": inSpan(t)} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			slogtest.Run(t, func(*testing.T) slog.Handler {
				out.Reset()
				return in{slogtrace.NewHandler(slog.NewJSONHandler(&out, nil)), ctx}
			}, func(t *testing.T) map[string]any {
				t.Helper()
				var line map[string]any
				if err := json.Unmarshal(out.Bytes(), &line); err != nil {
					t.Fatal(err)
				}
				return line
			})
		})
	}
}

// in is a handler that replaces the context.
type in struct {
	slog.Handler

	ctx context.Context
}

func (h in) Handle(_ context.Context, r slog.Record) error { return h.Handler.Handle(h.ctx, r) }
func (h in) WithAttrs(a []slog.Attr) slog.Handler          { return in{h.Handler.WithAttrs(a), h.ctx} }

func (h in) WithGroup(name string) slog.Handler { return in{h.Handler.WithGroup(name), h.ctx} }

// nowhere is a writer that slog does not know to be one, so that lines are
// formatted.
var nowhere io.Writer = struct{ io.Writer }{io.Discard}

func BenchmarkHandler(b *testing.B) {
	ctx := inSpan(b)
	for name, h := range map[string]slog.Handler{
		"Bare":    slog.NewJSONHandler(nowhere, nil),
		"Trace":   slogtrace.NewHandler(slog.NewJSONHandler(nowhere, nil)),
		"Grouped": slogtrace.NewHandler(slog.NewJSONHandler(nowhere, nil)).WithGroup("g"),
	} {
		b.Run(name, func(b *testing.B) {
			l := slog.New(h)
			b.ReportAllocs()
			for b.Loop() {
				l.LogAttrs(ctx, slog.LevelInfo, "m", slog.Int("a", 1), slog.Int("b", 2))
			}
		})
	}
}
