package albspan

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strconv"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/xray"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

// identity returns the header that a span continues, and the span's id.
//
// The service comes to the same trace, parent and decision, without the log.
// Where there is no Self, the load balancer made the Root, and a Parent is
// what a client sent without one: in the new trace it can be nobody's. The
// service cannot tell that from a caller beside the load balancer, and hangs
// from it, so that the load balancer's span takes that place.
func identity(e *alblog.Entry) (xray.Header, trace.SpanID) {
	h, _ := xray.Parse(e.TraceID)
	h = h.OrSelf()
	if !h.Root.IsValid() {
		h = xray.Header{Root: rootOf(e)}
	}
	id := h.ALBSpanID()
	if !h.Self.IsValid() && h.Parent.IsValid() {
		id, h.Parent = h.Parent, trace.SpanID{}
	}
	return h, id
}

// rootOf derives a trace id for an entry that has none from what tells it from
// others: the connection, the times and the request.
func rootOf(e *alblog.Entry) trace.TraceID {
	b := make([]byte, 0, 512)
	for _, s := range []string{e.ELB, e.Client.String(), e.ConnTraceID, e.Request, strconv.Itoa(e.ELBStatus)} {
		b = append(append(b, s...), 0)
	}
	b = e.Created.AppendFormat(b, time.RFC3339Nano)
	b = e.Time.AppendFormat(append(b, 0), time.RFC3339Nano)
	sum := sha256.Sum256(b)
	id := trace.TraceID(sum[:16])
	if !id.IsValid() {
		id[15] = 1
	}
	return id
}

// given is the span id that the next span is to have.
type given struct {
	context.Context //nolint:containedctx // it is a context

	id trace.SpanID
}

type givenKey struct{}

// Value answers for the span id.
func (g *given) Value(key any) any {
	if _, ok := key.(givenKey); ok {
		return g.id
	}
	return g.Context.Value(key)
}

// String implements fmt.Stringer.
func (g *given) String() string { return remote.Describe(g.Context, "SpanID("+g.id.String()+")") }

// IDs returns the generator of ids that a [Recorder]'s tracer provider has to
// have. Spans that no Recorder makes get random ids.
func IDs() sdktrace.IDGenerator { return ids{} }

type ids struct{}

// NewSpanID returns the id that the context gives, if it does.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) (id trace.SpanID) {
	if id, ok := ctx.Value(givenKey{}).(trace.SpanID); ok {
		return id
	}
	for !id.IsValid() {
		_, _ = rand.Read(id[:]) // never fails
	}
	return id
}

// NewIDs returns random ids: a Recorder's contexts have a trace id.
func (i ids) NewIDs(ctx context.Context) (traceID trace.TraceID, spanID trace.SpanID) {
	for !traceID.IsValid() {
		_, _ = rand.Read(traceID[:])
	}
	return traceID, i.NewSpanID(ctx, traceID)
}
