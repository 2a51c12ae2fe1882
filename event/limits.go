package event

import "cmp"

const (
	// maxMessageBytes is what SNS and SQS take by default for a message with
	// its attributes, and SNS for a whole PublishBatch ("Amazon SNS endpoints
	// and quotas", "Amazon SQS message quotas").
	maxMessageBytes = 256 << 10

	// attributeRoom is kept free for message attributes: type and source (1
	// KiB each), baggage (8 KiB by W3C's own limit), tracestate (512 bytes),
	// traceparent, accepted-at and alb-root, with names and data types.
	attributeRoom = 16 << 10
)

// Limits bound what is read. The zero value means the defaults; a zero field
// means that field's default.
type Limits struct {
	// MaxEventBytes is the largest event, as JSON text. Defaults to 245,760:
	// the 256 KiB that SNS and SQS take, less 16 KiB for message attributes.
	MaxEventBytes int

	// MaxBatch is the largest number of events in a batch. Defaults to 100.
	MaxBatch int

	// MaxDepth is how deep objects and arrays may be nested, the event itself
	// being 1. Defaults to 128.
	MaxDepth int

	// MaxAttributeBytes is the longest attribute value. Source and id
	// together must fit into an index entry of PostgreSQL, which holds 2,704
	// bytes. Defaults to 1,024.
	MaxAttributeBytes int

	// MaxExtensions is the largest number of extension attributes. Defaults
	// to 32.
	MaxExtensions int

	// AnyJSON takes data that is JSON but that PostgreSQL's jsonb cannot
	// hold: the character U+0000, and numbers with an exponent beyond 400 or
	// with more than 131,072 digits before or 16,383 behind the decimal point.
	// For sinks other than PostgreSQL. Defaults to false.
	AnyJSON bool
}

// WithDefaults returns l with every zero field set to its default.
func (l Limits) WithDefaults() Limits {
	l.MaxEventBytes = cmp.Or(l.MaxEventBytes, maxMessageBytes-attributeRoom)
	l.MaxBatch = cmp.Or(l.MaxBatch, 100)
	l.MaxDepth = cmp.Or(l.MaxDepth, 128)
	l.MaxAttributeBytes = cmp.Or(l.MaxAttributeBytes, 1024)
	l.MaxExtensions = cmp.Or(l.MaxExtensions, 32)
	return l
}
