package awssdk

import (
	"net/http"

	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// carrier is the header of a request.
type carrier http.Header

func (c carrier) Get(name string) string { return propagation.HeaderCarrier(c).Get(name) }
func (c carrier) Keys() []string         { return propagation.HeaderCarrier(c).Keys() }

// Set replaces a header. In Lambda the SDK has put an X-Amzn-Trace-Id there,
// with the Lineage that Lambda breaks endless loops with: that must stay.
func (c carrier) Set(name, value string) {
	if name == xray.HeaderName {
		if before, _ := xray.Parse(c.Get(name)); before.Lineage != "" {
			if h, err := xray.Parse(value); err == nil && h.Lineage == "" {
				h.Lineage = before.Lineage
				value = h.String()
			}
		}
	}
	propagation.HeaderCarrier(c).Set(name, value)
}
