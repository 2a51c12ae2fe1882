package span

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// Shared are attributes that many spans have, encoded once. They can be used
// by any number of goroutines.
type Shared struct {
	attributes []attribute.KeyValue
	encoded    []byte
	seen       uint64
	longest    int // string
	nested     bool
}

// Share encodes attributes. Of several with the same key the last value
// counts.
func Share(attrs ...attribute.KeyValue) *Shared {
	set := &Shared{}
	for _, kv := range attrs {
		same := func(other attribute.KeyValue) bool { return other.Key == kv.Key }
		if i := slices.IndexFunc(set.attributes, same); i >= 0 {
			set.attributes[i] = kv
		} else if kv.Key != "" {
			set.attributes = append(set.attributes, kv)
		}
	}
	for i := range set.attributes {
		kv := &set.attributes[i]
		set.encoded = otlp.AppendSpanAttribute(set.encoded, kv)
		set.seen |= keyBit(string(kv.Key))
		if kv.Value.Type() == attribute.STRING {
			set.longest = max(set.longest, len(kv.Value.AsString()))
		} else if !simple(kv.Value.Type()) {
			set.nested = true
		}
	}
	return set
}

// setShared copies the encoded attributes if nothing stands against it.
func (s *state) setShared(l *limits, set *Shared) {
	whole := s.attributes == 0 && !set.nested &&
		(l.AttributeCountLimit < 0 || len(set.attributes) <= l.AttributeCountLimit) &&
		(l.AttributeValueLengthLimit < 0 || set.longest <= l.AttributeValueLengthLimit)
	if !whole {
		s.setAttributes(l, set.attributes)
		return
	}
	s.buf = append(s.buf, set.encoded...)
	s.attributes, s.seen = len(set.attributes), set.seen
}
