package awslambda

import (
	"cmp"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// Headers returns a carrier for propagators to read the headers of an HTTP event
// from, in whichever case they come: in lower case from a load balancer and an
// HTTP API, in the client's from a REST API.
//
// An event has two fields for them, Headers and MultiValueHeaders. A load
// balancer fills only the second where its target group has multi-value headers
// on; a REST API fills both. Give both, or nil for one that the event's type does
// not have. The second goes before the first, with several values as one list.
func Headers(single map[string]string, multi map[string][]string) propagation.TextMapCarrier {
	return headers{single, multi}
}

type headers struct {
	single map[string]string
	multi  map[string][]string
}

func (h headers) Get(name string) string {
	return cmp.Or(strings.Join(inAnyCase(h.multi, name), ","), inAnyCase(h.single, name))
}

func (h headers) Keys() []string {
	names := make([]string, 0, len(h.single)+len(h.multi))
	for name := range h.single {
		names = append(names, name)
	}
	for name := range h.multi {
		if _, both := h.single[name]; !both {
			names = append(names, name)
		}
	}
	return names
}

func (headers) Set(string, string) {} // read only

// inAnyCase looks a name up. Of names that differ in case alone the one that
// sorts first counts, so that it is not left to chance.
func inAnyCase[V any](m map[string]V, name string) (found V) {
	spelled := ""
	for key, value := range m {
		if strings.EqualFold(key, name) && (spelled == "" || key < spelled) {
			spelled, found = key, value
		}
	}
	return found
}
