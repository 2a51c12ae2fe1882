package span_test

import (
	"bytes"
	"context"
	"sync"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// sink keeps copies of spans.
type sink struct {
	mu    sync.Mutex
	spans []otlp.Span
}

func (s *sink) Add(span otlp.Span) {
	span.Data = bytes.Clone(span.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, span)
}

func (*sink) Flush(context.Context) error    { return nil }
func (*sink) Shutdown(context.Context) error { return nil }

func (s *sink) AddAll(spans []otlp.Span) {
	for _, span := range spans {
		s.Add(span)
	}
}
