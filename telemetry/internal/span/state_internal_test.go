package span

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

var unlimited = limits{AttributeValueLengthLimit: -1, AttributeCountLimit: -1}

// read finishes a state and returns its attributes.
func read(t *testing.T, s *state) []attribute.KeyValue {
	t.Helper()
	r := &recording{context: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})}
	f, err := otlp.Span{Data: s.finish(r, "x", r.start)}.Read()
	if err != nil {
		t.Fatal(err)
	}
	return f.Attributes
}

// With and without an index a state is what a list is in which the last value
// of a key counts, at the place of the first.
func TestState_AnyReplacements_LastValueAtTheFirstPlace(t *testing.T) {
	for _, keys := range []int{3, 12, indexedAttributes - 1, indexedAttributes, 300} {
		for _, longest := range []int{2, 200, 4000} {
			t.Run(fmt.Sprintf("Keys=%d/Longest=%d", keys, longest), func(t *testing.T) {
				choice := rand.New(rand.NewPCG(uint64(keys), uint64(longest)))
				s := newState()
				defer s.release()
				var want []attribute.KeyValue
				for range 5 * keys {
					kv := attribute.String(fmt.Sprintf("key%d\xff", choice.IntN(keys)), strings.Repeat("v", choice.IntN(longest)))
					s.setAttribute(&unlimited, &kv)
					kv.Key = attribute.Key(strings.ToValidUTF8(string(kv.Key), "\uFFFD"))
					if i := slices.IndexFunc(want, func(o attribute.KeyValue) bool { return o.Key == kv.Key }); i >= 0 {
						want[i] = kv
					} else {
						want = append(want, kv)
					}
				}
				if s.index == nil && (keys > indexedAttributes || len(s.buf) > 2*indexedSize) {
					t.Errorf("%d attributes in %d bytes without an index", s.attributes, len(s.buf))
				}
				if got := read(t, s); !slices.Equal(got, want) {
					t.Errorf("%d attributes, want %d: %.300v\nwant %.300v", len(got), len(want), got, want)
				}
			})
		}
	}
}

// A replacement must not cost what the whole span costs, in time or in memory.
func TestState_ManyReplacements_BufferStaysSmall(t *testing.T) {
	s := newState()
	value := strings.Repeat("x", 4096)
	for i := range 127 {
		s.setAttribute(&unlimited, new(attribute.String(fmt.Sprint("key", i), value)))
	}
	live := len(s.buf)
	for i := range 10_000 {
		s.setAttribute(&unlimited, new(attribute.String("key5", value[:1+i%4096])))
		if len(s.buf) > 3*live {
			t.Fatalf("after %d replacements of one attribute %d bytes are %d", i+1, live, len(s.buf))
		}
	}
	if s.index == nil {
		t.Fatal("each replacement moves all that comes after it")
	}
	if got := read(t, s); len(got) != 127 || len(got[5].Value.AsString()) != 1+9999%4096 {
		t.Errorf("%d attributes, the one that was replaced has %d bytes", len(got), len(got[5].Value.AsString()))
	}
}

func TestState_KeyOfInvalidUTF8_ReplacedNotRepeated(t *testing.T) {
	s := newState()
	defer s.release()
	for i := range 3 {
		s.setAttribute(&unlimited, new(attribute.Int("a\xffb", i)))
	}
	if got := read(t, s); len(got) != 1 || got[0] != attribute.Int("a\uFFFDb", 2) {
		t.Errorf("got %v", got)
	}
}

// A pool keeps what is put there: a few large spans must not make all others
// large.
func TestState_LargeOnes_AreNotUsedAgain(t *testing.T) {
	for name, grow := range map[string]func(s *state){
		"attributes": func(s *state) { s.buf = append(s.buf, make([]byte, keptBuffer)...) },
		"events":     func(s *state) { s.events.buf = make([]byte, keptBuffer) },
		"links":      func(s *state) { s.links.buf = make([]byte, keptBuffer) },
	} {
		s := newState()
		grow(s)
		s.release()
		for range 10 {
			if newState() == s {
				t.Errorf("%s: a state with %d bytes is used again", name, cap(s.buf)+cap(s.events.buf)+cap(s.links.buf))
			}
		}
	}
}

func TestState_UsedAgain_IsEmpty(t *testing.T) {
	s := newState()
	defaults := newLimits(sdktrace.NewSpanLimits())
	for i := range 2 * indexedAttributes {
		s.setAttribute(&defaults, new(attribute.Int(fmt.Sprint("key", i), i)))
	}
	s.addEvent(&defaults, "event", new(trace.NewEventConfig()))
	s.addLink(&defaults, &trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})})
	s.release()
	if s.index != nil || s.attributes+s.droppedAttributes+s.events.n+s.links.n+len(s.events.buf)+len(s.links.buf) != 0 || len(s.buf) != otlp.HeaderSize || s.seen != 0 {
		t.Errorf("a state that is used again is %+v", s)
	}
}
