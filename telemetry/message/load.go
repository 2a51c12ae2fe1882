package message

import (
	"context"
	"slices"
	"strings"
	"unsafe"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// part is a part of a context that can be given up on its own. The first is
// the last to be given up.
type part int

const (
	partContext    part = iota // traceparent, or what another propagator writes
	partTracestate             // useless without partContext
	partBaggage
	parts
)

// partNames are the names of the parts in metrics.
var partNames = [parts]string{
	semconv.ContextPartContext, semconv.ContextPartTracestate, semconv.ContextPartBaggage,
}

// Names of attributes, from the W3C specifications.
const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
	baggageName = "baggage"
)

// attributeNames are the names of the parts in a message.
var attributeNames = [parts]string{traceparent, tracestate, baggageName}

// dataType is the data type of our attributes.
const dataType = "String"

// load is what is to be put into one message. The message's attributes point
// into it, so that it is made anew for every message, and stays where it is.
type load struct {
	values     [parts]string // of W3C's attributes, empty when there is none
	others     []field       // of other propagators, part of partContext
	dataType   string        // of all of them
	attributes int           // how many attributes the message still takes
	gaveUp     [parts]reason // zero when not given up

	traceparent [remote.TraceparentLen]byte // the text of values[partContext], so that one allocation holds it all
}

type field struct{ name, value string }

// reason is why a part was given up.
type reason uint8

const (
	attributeLimit reason = iota + 1
	sizeLimit
	unsupportedText
	malformedTraceparent
	malformedTraceHeader
)

var reasonNames = [...]string{
	attributeLimit:       semconv.ReasonAttributeLimit,
	sizeLimit:            semconv.ReasonSizeLimit,
	unsupportedText:      semconv.ReasonUnsupportedText,
	malformedTraceparent: semconv.ReasonMalformedTraceparent,
	malformedTraceHeader: semconv.ReasonMalformedTraceHeader,
}

// collect writes ctx into l.
func (i *Injector) collect(ctx context.Context, l *load) {
	l.dataType = dataType
	if i.propagator != nil {
		i.propagator.Inject(ctx, l)
		return
	}
	// What propagation.TraceContext and propagation.Baggage do, with less
	// ado: it is done for every message.
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		formatTraceparent(&l.traceparent, sc)
		l.values[partContext] = unsafe.String(&l.traceparent[0], remote.TraceparentLen) //nolint:gosec // the bytes never change again
		l.values[partTracestate] = sc.TraceState().String()
	}
	if b := baggage.FromContext(ctx); b.Len() > 0 {
		l.values[partBaggage] = b.String()
	}
}

// len is the number of attributes.
func (l *load) len() int {
	n := len(l.others)
	for _, value := range l.values {
		if value != "" {
			n++
		}
	}
	return n
}

// drop takes everything out.
func (l *load) drop() {
	l.values, l.others = [parts]string{}, nil
}

// Set implements propagation.TextMapCarrier. SNS and SQS refuse empty values,
// so that one is like none.
func (l *load) Set(name, value string) {
	if p := slices.Index(attributeNames[:], name); p >= 0 {
		l.values[p] = value
		return
	}
	l.others = slices.DeleteFunc(l.others, func(f field) bool { return f.name == name })
	if value != "" {
		l.others = append(l.others, field{name, value})
	}
}

// Get implements propagation.TextMapCarrier.
func (l *load) Get(name string) string {
	if p := slices.Index(attributeNames[:], name); p >= 0 {
		return l.values[p]
	}
	for _, f := range l.others {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// Keys implements propagation.TextMapCarrier.
func (l *load) Keys() []string {
	names := make([]string, 0, l.len())
	for p, value := range l.values {
		if value != "" {
			names = append(names, attributeNames[p])
		}
	}
	for _, f := range l.others {
		names = append(names, f.name)
	}
	return names
}

// fit keeps all of a part, or gives it all up: half a context is none. It
// takes what it needs from the bytes that are left. What has no room takes
// the lesser parts with it, so that they are given up first even when they
// are small. checked says that names and values need no check.
func (l *load) fit(p part, bytes *int, checked bool) {
	count, size, sound := 0, 0, true
	if value := l.values[p]; value != "" {
		count, size = 1, len(attributeNames[p])+len(dataType)+len(value)
		sound = checked || validValue(value)
	}
	if p == partContext {
		for _, f := range l.others {
			count++
			size += len(f.name) + len(dataType) + len(f.value)
			sound = sound && validName(f.name) && validValue(f.value)
		}
	}
	switch {
	case count == 0:
	case !sound && p == partContext:
		l.giveUp(unsupportedText, partContext, partTracestate)
	case !sound:
		l.giveUp(unsupportedText, p, p)
	case count > l.attributes:
		l.giveUp(attributeLimit, p, partBaggage)
	case size > *bytes:
		l.giveUp(sizeLimit, p, partBaggage)
	default:
		l.attributes -= count
		*bytes -= size
	}
}

// giveUp takes the parts from first to last out of the load.
func (l *load) giveUp(why reason, first, last part) {
	for p := first; p <= last; p++ {
		if l.values[p] != "" || p == partContext && len(l.others) > 0 {
			l.gaveUp[p] = why
		}
		l.values[p] = ""
		if p == partContext {
			l.others = nil
		}
	}
}

const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

// validName tells whether SNS and SQS take the name of an attribute ("Message
// attribute components", the rules that a propagator could offend against).
func validName(s string) bool {
	return s != "" && len(s) <= 256 && strings.Trim(s, nameCharacters) == ""
}

// validValue tells whether a value is plain printable text, as every
// propagator's should be. SQS refuses a message for a control character.
func validValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
