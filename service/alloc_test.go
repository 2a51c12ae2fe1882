//go:build unix && !race

package service

import (
	"net/http"
	"testing"
)

// What the service's own instrumentation adds to a request: the HTTP span,
// reading the load balancer's header, traceresponse, the trace id in the
// answer, and all metrics. Every request is sampled.
func TestHandler_Instrumented_AddsFewAllocations(t *testing.T) {
	const most = 4
	allocations := func(instrumented bool) float64 {
		h, stop := newHandler(t, instrumented)
		defer stop()
		return testing.AllocsPerRun(2000, func() { serve(h) })
	}
	bare, instrumented := allocations(false), allocations(true)
	t.Logf("%.0f allocations bare, %.0f instrumented", bare, instrumented)
	if added := instrumented - bare; added > most {
		t.Errorf("%.0f allocations are added to a request, want %d at most", added, most)
	}
}

// A refusal for lack of room is to cost little, telemetry and all: its time is
// taken from the events that were accepted.
func TestHandler_Full_RefusesWithFewAllocations(t *testing.T) {
	const most = 9
	h, stop := newFull(t, true)
	defer stop()
	plain, _ := plain503(t)
	refused := func(h http.Handler) func() { return func() { serveFor(h, http.StatusServiceUnavailable) } }
	for range linesPerSecond {
		refused(h)() // these have a span
	}
	added := testing.AllocsPerRun(200, refused(h)) - testing.AllocsPerRun(200, refused(plain))
	t.Logf("%.0f allocations", added)
	if added > most {
		t.Errorf("%.0f allocations are added to those of a handler that does nothing, want %d at most", added, most)
	}
}
