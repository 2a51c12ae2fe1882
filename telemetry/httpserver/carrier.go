package httpserver

import (
	"maps"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// headers is [propagation.HeaderCarrier], but finds the usual names without
// spelling them anew, an allocation each, for every request.
type headers http.Header

var _ propagation.ValuesGetter = headers{}

// canonical is how net/http spells the names that propagators ask for.
func canonical(name string) string {
	switch name {
	case "traceparent":
		return "Traceparent"
	case "tracestate":
		return "Tracestate"
	case "baggage":
		return "Baggage"
	case xray.HeaderName:
		return xray.HeaderName
	}
	return http.CanonicalHeaderKey(name)
}

// Get returns the first value.
func (h headers) Get(name string) string { return first(h[canonical(name)]) }

// Values returns all values.
func (h headers) Values(name string) []string { return h[canonical(name)] }

// Set replaces the values.
func (h headers) Set(name, value string) { http.Header(h).Set(name, value) }

// Keys lists the names.
func (h headers) Keys() []string { return slices.Collect(maps.Keys(h)) }
