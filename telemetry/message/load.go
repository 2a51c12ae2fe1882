package message

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

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

var partNames = [parts]string{
	semconv.ContextPartContext, semconv.ContextPartTracestate, semconv.ContextPartBaggage,
}

func partOf(name string) part {
	switch name {
	case tracestate:
		return partTracestate
	case baggageName:
		return partBaggage
	default:
		return partContext
	}
}

// Names of attributes, from the W3C specifications.
const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
	baggageName = "baggage"
)

// dataType is the data type of our attributes.
const dataType = "String"

type field struct {
	name, value string
	part        part
}

// load is what is to be put into one message. The message's attributes point
// into it, so that it is made anew for every message, and stays where it is.
type load struct {
	fields     []field
	few        [3]field      // backs fields, for what W3C's specifications know
	dataType   string        // of all fields
	attributes int           // how many attributes the message still takes
	gaveUp     [parts]reason // zero when not given up
}

// reason is why a part was given up.
type reason uint8

const (
	attributeLimit reason = iota + 1
	sizeLimit
	unsupportedText
)

var reasonNames = [...]string{
	attributeLimit:  semconv.ReasonAttributeLimit,
	sizeLimit:       semconv.ReasonSizeLimit,
	unsupportedText: semconv.ReasonUnsupportedText,
}

// collect writes ctx into l.
func (i *Injector) collect(ctx context.Context, l *load) {
	l.dataType = dataType
	l.fields = l.few[:0]
	if i.propagator != nil {
		i.propagator.Inject(ctx, l)
	} else {
		l.setW3C(ctx)
	}
}

// setW3C does what propagation.TraceContext and propagation.Baggage do, with
// less ado: it is done for every message.
func (l *load) setW3C(ctx context.Context) {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		l.fields = append(l.fields, field{traceparent, formatTraceparent(sc), partContext})
		if state := sc.TraceState(); state.Len() > 0 {
			l.fields = append(l.fields, field{tracestate, state.String(), partTracestate})
		}
	}
	if b := baggage.FromContext(ctx); b.Len() > 0 {
		l.Set(baggageName, b.String()) // may be empty none the less
	}
}

// Set implements propagation.TextMapCarrier.
func (l *load) Set(name, value string) {
	if value == "" {
		return // SNS and SQS refuse empty values
	}
	for n := range l.fields {
		if l.fields[n].name == name {
			l.fields[n].value = value
			return
		}
	}
	l.fields = append(l.fields, field{name, value, partOf(name)})
}

// Get implements propagation.TextMapCarrier.
func (l *load) Get(name string) string {
	for _, f := range l.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// Keys implements propagation.TextMapCarrier.
func (l *load) Keys() []string {
	names := make([]string, len(l.fields))
	for n, f := range l.fields {
		names[n] = f.name
	}
	return names
}

// fit keeps all fields of a part, or gives them all up: half a context is
// none. It takes what it needs from the bytes that are left. What has no room
// takes the lesser parts with it, so that they are given up first even when
// they are small. checked says that names and values need no check.
func (l *load) fit(p part, bytes *int, checked bool) {
	count, size, sound := 0, 0, true
	for _, f := range l.fields {
		if f.part == p {
			count++
			size += len(f.name) + len(dataType) + len(f.value)
			sound = sound && (checked || validName(f.name) && validValue(f.value))
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
	l.fields = slices.DeleteFunc(l.fields, func(f field) bool {
		if f.part < first || f.part > last {
			return false
		}
		l.gaveUp[f.part] = why
		return true
	})
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
