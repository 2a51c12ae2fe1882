package otlp

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Wire types, from protobuf's "Encoding" guide.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// The append functions below leave out zero values, as proto3 does for fields
// without explicit presence. Those with "always" in their name do not.

func appendTag(b []byte, field, wire uint64) []byte {
	return binary.AppendUvarint(b, field<<3|wire)
}

func appendVarint(b []byte, field, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendVarintAlways(b, field, v)
}

func appendVarintAlways(b []byte, field, v uint64) []byte {
	return binary.AppendUvarint(appendTag(b, field, wireVarint), v)
}

// appendSint appends a sint32: small negative numbers stay small.
func appendSint(b []byte, field uint64, v int32) []byte {
	return appendVarint(b, field, uint64(uint32(v<<1)^uint32(v>>31))) //nolint:gosec // the zigzag encoding
}

// appendCount appends how many were dropped, as a uint32.
func appendCount(b []byte, field uint64, n int) []byte {
	return appendVarint(b, field, uint64(min(max(n, 0), math.MaxUint32)))
}

func appendFixed32(b []byte, field uint64, v uint32) []byte {
	if v == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint32(appendTag(b, field, wireFixed32), v)
}

func appendFixed64(b []byte, field, v uint64) []byte {
	if v == 0 {
		return b
	}
	return appendFixed64Always(b, field, v)
}

func appendFixed64Always(b []byte, field, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(b, field, wireFixed64), v)
}

func appendDoubleAlways(b []byte, field uint64, v float64) []byte {
	return appendFixed64Always(b, field, math.Float64bits(v))
}

func appendDouble(b []byte, field uint64, v float64) []byte {
	return appendFixed64(b, field, math.Float64bits(v))
}

func appendString(b []byte, field uint64, s string) []byte {
	if s == "" {
		return b
	}
	return appendStringAlways(b, field, s)
}

// appendStringAlways appends a string, made valid UTF-8: receivers may refuse
// a whole request because of one bad string in it.
func appendStringAlways(b []byte, field uint64, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	b = binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(len(s)))
	return append(b, s...)
}

func appendBytes(b []byte, field uint64, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	b = binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(len(v)))
	return append(b, v...)
}

// appendPrefix appends what comes before a nested message of a known size.
func appendPrefix(b []byte, field uint64, size int) []byte {
	return binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(size)) //nolint:gosec // never negative
}

// prefixSize is how long that is, for fields below 16.
func prefixSize(size int) int {
	return 1 + (bits.Len64(uint64(size)|1)+6)/7 //nolint:gosec // never negative
}

// open begins a nested message, and close, given the mark, ends it. One byte
// is left for the length, which is enough for 127 bytes; close moves longer
// messages up.
func open(b []byte, field uint64) (_ []byte, mark int) {
	b = append(appendTag(b, field, wireBytes), 0)
	return b, len(b)
}

func closeMessage(b []byte, mark int) []byte {
	n := len(b) - mark
	if n < 0x80 {
		b[mark-1] = byte(n) //nolint:gosec // below 128
		return b
	}
	more := (bits.Len64(uint64(n))+6)/7 - 1
	b = append(b, make([]byte, more)...)
	copy(b[mark+more:], b[mark:mark+n])
	binary.PutUvarint(b[mark-1:], uint64(n))
	return b
}
