package messaging

import (
	"crypto/md5" //nolint:gosec // SQS digests with MD5, not for security
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// attribute is one message attribute. The value of a Binary one holds its raw
// bytes.
type attribute struct {
	name, dataType, value string
}

func (a attribute) binary() bool { return logicalType(a.dataType) == "Binary" }

// size is what an attribute adds to a message: name, type and value count
// (SQS guide, "Message metadata"; SNS guide, "Message attributes").
func (a attribute) size() int { return len(a.name) + len(a.dataType) + len(a.value) }

// logicalType cuts the custom label off a data type: String.Array is a String.
func logicalType(dataType string) string {
	logical, _, _ := strings.Cut(dataType, ".")
	return logical
}

// content is what a sender sent. It never changes, so that the queues of one
// topic share it.
type content struct {
	body          string
	bodyMD5       string
	attributes    []attribute // by name
	attributesMD5 string      // of all attributes; "" without any
	traceHeader   string      // AWSTraceHeader; does not count towards the size
	groupID       string
	senderID      string
	size          int
}

// newContent takes the attributes over and sorts them.
func newContent(body string, attributes []attribute) *content {
	slices.SortFunc(attributes, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	c := &content{body: body, bodyMD5: md5Hex(body), attributes: attributes, size: len(body)}
	for _, a := range attributes {
		c.size += a.size()
	}
	c.attributesMD5 = attributesMD5(attributes)
	return c
}

func md5Hex(s string) string {
	return hexOf(md5.Sum([]byte(s))) //nolint:gosec // see the import
}

func hexOf(sum [md5.Size]byte) string {
	var out [2 * md5.Size]byte
	hex.Encode(out[:], sum[:])
	return string(out[:])
}

// attributesMD5 is the digest of sorted attributes: of each the name, the data
// type and the value, every one led by its length in four bytes, and before
// the value one byte for how it travels, 1 as string and 2 as binary (SQS
// guide, "Calculating the MD5 message digest for message attributes").
func attributesMD5(attributes []attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	buf := make([]byte, 0, 1024)
	add := func(s string) {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s))) //nolint:gosec // bounded by the size of a message
		buf = append(buf, s...)
	}
	for _, a := range attributes {
		add(a.name)
		add(a.dataType)
		if a.binary() {
			buf = append(buf, 2)
		} else {
			buf = append(buf, 1)
		}
		add(a.value)
	}
	return hexOf(md5.Sum(buf)) //nolint:gosec // see the import
}

// place is where a message is in its queue.
type place uint8

const (
	visible place = iota
	delayed
	inFlight
)

// message is one message in one queue.
type message struct {
	*content
	seq           uint64 // never used twice in a queue
	id            string
	sentAt        time.Time // a redrive leaves it unchanged
	firstReceived time.Time
	receives      int // over all queues
	receivesHere  int // in this queue, what the redrive policy counts
	source        string
	copied        bool // by Config.DuplicateRate

	place      place
	receivedAt time.Time // of the last receive
	visibleAt  time.Time // while not visible
	heapIndex  int       // while not visible
	prev, next *message  // while visible
}

// receipt is one message as one receive saw it.
type receipt struct {
	*content
	id, handle, source    string
	sentAt, firstReceived time.Time
	receives              int
}

// newID makes a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}
