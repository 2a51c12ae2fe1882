//go:build !race

package service

import "testing"

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
