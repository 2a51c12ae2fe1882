package postgres

import (
	"slices"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tracehaul/tracehaul/consumer"
)

const (
	// chunkRows and chunkBytes bound what one execution of the statement
	// inserts. The server works on a chunk while the next one is encoded, and
	// its copies of a small one stay in the cache of the processor. All chunks
	// of a batch are one transaction and one round trip.
	chunkRows  = 128
	chunkBytes = 256 << 10

	// keptBytes is up to which size a buffer is kept for the next batch.
	keptBytes = 512 << 10
)

// nextChunk splits a batch: it returns how many of its records, at least one,
// go together.
func nextChunk(batch []*consumer.Record) int {
	size := 0
	for i, r := range batch[:min(len(batch), chunkRows)] {
		size += len(r.Event.Data) + len(r.Event.DataBase64)
		if i > 0 && size > chunkBytes {
			return i
		}
	}
	return min(len(batch), chunkRows)
}

// encoder turns records into parameters of the statement.
type encoder struct {
	arrays [len(columns)][]byte
	params [len(columns)][]byte // what arrays held last
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// encode returns one array for each column. They are valid until the next call.
func (e *encoder) encode(chunk []*consumer.Record) [][]byte {
	for i := range columns {
		c := &columns[i]
		b := appendArrayHeader(e.arrays[i][:0], c.oid, len(chunk))
		for _, r := range chunk {
			b = c.appendTo(b, r)
		}
		e.arrays[i], e.params[i] = b, b
	}
	return e.params[:]
}

// release gives the encoder back, without the buffers that grew large.
func (e *encoder) release() {
	for i := range e.arrays {
		e.params[i] = nil
		if cap(e.arrays[i]) > keptBytes {
			e.arrays[i] = nil
		}
	}
	encoders.Put(e)
}

// room is a message of no bytes that makes room for the next one: pgx starts
// with a small buffer after every flush, and would double it, and copy what is
// in it, time and again.
type room int

// roomFor is the room for a message with parameters and what goes with it.
func roomFor(params [][]byte) room {
	size := 1024
	for _, p := range params {
		size += len(p)
	}
	return room(size)
}

// Encode implements [pgproto3.FrontendMessage].
func (r room) Encode(dst []byte) ([]byte, error) { return slices.Grow(dst, int(r)), nil }

// Decode implements [pgproto3.FrontendMessage].
func (room) Decode([]byte) error { return nil }

// Frontend implements [pgproto3.FrontendMessage].
func (room) Frontend() {}

var (
	paramOIDs = func() []uint32 {
		arrayOf := map[uint32]uint32{
			pgtype.TextOID:        pgtype.TextArrayOID,
			pgtype.TimestamptzOID: pgtype.TimestamptzArrayOID,
			pgtype.JSONBOID:       pgtype.JSONBArrayOID,
			pgtype.ByteaOID:       pgtype.ByteaArrayOID,
			pgtype.Int4OID:        pgtype.Int4ArrayOID,
		}
		oids := make([]uint32, len(columns))
		for i, c := range columns {
			oids[i] = arrayOf[c.oid]
		}
		return oids
	}()
	binaryParams  = slices.Repeat([]int16{pgtype.BinaryFormatCode}, len(columns))
	binaryResults = []int16{pgtype.BinaryFormatCode}
)
