package service

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// shedder answers requests while there is no room for one more event. It comes
// before everything but reading the trace context and measuring, since the
// processor's time that a refusal takes is taken from the events that were
// accepted. The answer, its metrics and its trace id are as if the handler had
// refused. Left out are the span, for which [shedder.told] gives an allowance,
// and whether the request had a token.
type shedder struct {
	service *Service
	spans   gate // requests a second that go the whole way

	// What the answers have in common.
	body        []byte // a problem document that ends before the trace id
	contentType []string
	retryAfter  []string
}

func newShedder(s *Service) *shedder {
	p, kind := (&refusal{code: codeOverloaded}).problem("")
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // a Problem is always encodable
	}
	return &shedder{
		service: s, body: bytes.TrimSuffix(body, []byte("}")),
		contentType: []string{mediaTypeProblem}, retryAfter: []string{strconv.Itoa(kind.retryAfter)},
	}
}

// choose returns the handler of a request that is refused here, nil for every
// other one.
func (h *shedder) choose(r *http.Request) http.Handler {
	if r.URL.Path != pathEvents || r.Method != http.MethodPost || !h.service.publisher.full() || h.told() {
		return nil
	}
	return h
}

// told reports that a request may go the whole way: it is refused there, with
// a span and a line in the log, if there is still no room.
func (h *shedder) told() bool {
	_, ok := h.spans.pass(time.Now())
	return ok
}

// ServeHTTP refuses a request.
func (h *shedder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Pattern = pathEvents // no mux has seen it
	header := w.Header()
	header["Content-Type"], header["Retry-After"] = h.contentType, h.retryAfter
	h.service.sendAway(header)

	b := responses.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer responses.Put(b)
	b.Reset()
	text := append(b.AvailableBuffer(), h.body...)
	text = appendTraceID(text, trace.SpanContextFromContext(r.Context()).TraceID())
	text = append(text, "}\n"...)
	b.Write(text) // keeps what was allocated
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(text)

	h.service.metrics.refuse(r.Context(), 1, codeOverloaded)
	h.service.log.server.omit()
}
