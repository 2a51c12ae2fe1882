package otlp

import (
	"encoding/binary"
	"errors"
	"strings"
)

// PartialSuccess is what a collector says about a request it took: how many
// items it rejected, and why. A message without rejected items is a warning.
type PartialSuccess struct {
	Rejected int64
	Message  string
}

var errMalformed = errors.New("malformed protobuf")

// ParseResponse reads an Export<Signal>ServiceResponse: the three look the
// same. An empty body is a full success.
func ParseResponse(b []byte) (PartialSuccess, error) {
	var p PartialSuccess
	err := eachField(b, func(field uint64, _ uint64, v []byte) error {
		if field != 1 || v == nil { // partial_success
			return nil
		}
		return eachField(v, func(field, n uint64, v []byte) error {
			switch {
			case field == 1 && v == nil: // rejected_spans, rejected_data_points, rejected_log_records
				p.Rejected = int64(n) //nolint:gosec // two's complement, as protobuf's int64 is
			case field == 2 && v != nil: // error_message
				p.Message = strings.ToValidUTF8(string(v), "\uFFFD")
			}
			return nil
		})
	})
	return p, err
}

// ParseStatus reads the message of a google.rpc.Status, which the body of a
// refusal is according to OTLP.
func ParseStatus(b []byte) (message string, err error) {
	err = eachField(b, func(field uint64, _ uint64, v []byte) error {
		if field == 2 && v != nil {
			message = strings.ToValidUTF8(string(v), "\uFFFD")
		}
		return nil
	})
	return message, err
}

// eachField calls f with each field of a message: with its bytes, not nil, if
// it is of wire type bytes, else with its number.
func eachField(b []byte, f func(field, n uint64, v []byte) error) error {
	for len(b) > 0 {
		tag, size := binary.Uvarint(b)
		if size <= 0 || tag>>3 == 0 {
			return errMalformed
		}
		n, v, rest, err := readValue(b[size:], tag&7)
		if err != nil {
			return err
		}
		if err := f(tag>>3, n, v); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// readValue reads the value of a field from the beginning of b.
func readValue(b []byte, wireType uint64) (n uint64, v, rest []byte, err error) {
	size := 0
	switch wireType {
	case wireVarint:
		n, size = binary.Uvarint(b)
	case wireFixed64:
		size = 8
	case wireFixed32:
		size = 4
	case wireBytes:
		var length uint64
		length, size = binary.Uvarint(b)
		if size <= 0 || length > uint64(len(b)) {
			return 0, nil, nil, errMalformed
		}
		start := size
		size += int(length) //nolint:gosec // at most len(b)
		if size <= len(b) {
			v = b[start:size:size]
		}
	}
	if size <= 0 || size > len(b) {
		return 0, nil, nil, errMalformed
	}
	switch wireType {
	case wireFixed64:
		n = binary.LittleEndian.Uint64(b)
	case wireFixed32:
		n = uint64(binary.LittleEndian.Uint32(b))
	}
	return n, v, b[size:], nil
}
