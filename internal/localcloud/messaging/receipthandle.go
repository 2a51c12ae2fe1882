package messaging

import (
	"encoding/base64"
	"encoding/binary"
)

// A receipt handle names one receive of one message: the queue's own number,
// the message and how often it had been received. "This handle is associated
// with the action of receiving the message, not with the message itself" (SQS
// guide, "Queue and message identifiers").

const handleBytes = 8 + 8 + 4

// handleEncoding has one way to write a handle.
var handleEncoding = base64.StdEncoding.Strict()

func receiptHandle(queue, seq uint64, receives int) string {
	var b [handleBytes]byte
	binary.BigEndian.PutUint64(b[0:], queue)
	binary.BigEndian.PutUint64(b[8:], seq)
	binary.BigEndian.PutUint32(b[16:], uint32(receives)) //nolint:gosec // counts receives
	return handleEncoding.EncodeToString(b[:])
}

func parseReceiptHandle(queue uint64, handle string) (seq uint64, receives int, ok bool) {
	var b [handleBytes + 1]byte
	if handleEncoding.DecodedLen(len(handle)) != len(b) {
		return 0, 0, false
	}
	n, err := handleEncoding.Decode(b[:], []byte(handle))
	if err != nil || n != handleBytes || binary.BigEndian.Uint64(b[0:]) != queue {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(b[8:]), int(binary.BigEndian.Uint32(b[16:])), true
}
