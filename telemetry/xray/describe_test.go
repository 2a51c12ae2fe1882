package xray_test

import (
	"fmt"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// Mocks print the arguments of each call, the context among them.
func TestPropagator_ContextPrinted_WithoutTheHeader(t *testing.T) {
	for header, want := range map[string]string{
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;X=secret": "context.Background.WithSpan(5759e988bd862e3fe1be46a994272793 53995c3f42cd8ad8)",
		"X=secret": "context.Background.WithXRayHeader",
	} {
		if got := fmt.Sprint(extract(xray.Propagator{}, header)); got != want {
			t.Errorf("the context of %q is printed as %s, want %s", header, got, want)
		}
	}
}
