package httpserver

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// outcomeKey is all of low cardinality that is known of a served request.
type outcomeKey struct {
	method  string // a known one, or _OTHER
	scheme  string
	version string // of the protocol
	route   string // empty when none matched
	status  int    // 0 when none was sent
	panic   string // type of what the handler panicked with
}

// outcome is what spans and points of equal requests share.
type outcome struct {
	key        outcomeKey
	name       string
	failed     bool
	attributes []attribute.KeyValue  // of the span
	shared     *span.Shared          // the same
	measure    []metric.RecordOption // of the point
}

func newOutcome(k outcomeKey) *outcome {
	o := &outcome{key: k, name: spanName(k.method, k.route), failed: k.panic != "" || k.status >= 500}
	attributes := []attribute.KeyValue{otelsemconv.HTTPRequestMethodKey.String(k.method), otelsemconv.URLScheme(k.scheme)}
	if k.route != "" {
		attributes = append(attributes, otelsemconv.HTTPRoute(k.route))
	}
	if k.status != 0 {
		attributes = append(attributes, otelsemconv.HTTPResponseStatusCode(k.status))
	}
	switch {
	case k.panic != "":
		attributes = append(attributes, otelsemconv.ErrorTypeKey.String(k.panic))
	case o.failed:
		attributes = append(attributes, otelsemconv.ErrorTypeKey.String(strconv.Itoa(k.status)))
	}
	o.attributes, o.shared = attributes, span.Share(attributes...)
	point := slices.Clone(attributes)
	if k.version != "" {
		point = append(point, otelsemconv.NetworkProtocolVersion(k.version))
	}
	o.measure = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(point...))}
	return o
}

// spanName is `METHOD route`, or METHOD alone when no route is known. Semantic
// conventions, "HTTP spans", section Name.
func spanName(method, route string) string {
	if method == otelsemconv.HTTPRequestMethodOther.Value.AsString() {
		method = "HTTP"
	}
	if route == "" {
		return method
	}
	return method + " " + route
}

// outcomes keeps the outcomes that were seen: making one costs more than all
// the rest of the middleware. They are few, and read on every request, so a
// change copies the map.
type outcomes struct {
	latest atomic.Pointer[outcome] // which most often is the next one, too, and found without a hash of five texts
	seen   atomic.Pointer[map[outcomeKey]*outcome]
	mu     sync.Mutex // held while changing seen
}

// maxOutcomes bounds what is kept, should a Route function not be of low
// cardinality.
const maxOutcomes = 2048

func newOutcomes() *outcomes {
	var o outcomes
	o.seen.Store(&map[outcomeKey]*outcome{})
	return &o
}

func (o *outcomes) get(k outcomeKey) *outcome {
	if latest := o.latest.Load(); latest != nil && latest.key == k {
		return latest
	}
	if found, ok := (*o.seen.Load())[k]; ok {
		o.latest.Store(found)
		return found
	}
	made := newOutcome(k)
	o.mu.Lock()
	defer o.mu.Unlock()
	if seen := *o.seen.Load(); len(seen) < maxOutcomes {
		seen = maps.Clone(seen)
		seen[k] = made
		o.seen.Store(&seen)
	}
	return made
}
