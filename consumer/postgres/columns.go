package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
)

// table is where events go.
const table = "events"

// column is a column of the table and how it is filled. A value is encoded as
// PostgreSQL's binary format has it: its length in four bytes and then its
// bytes, or just the length -1 for NULL.
type column struct {
	name     string
	sqlType  string
	oid      uint32
	appendTo func(b []byte, r *consumer.Record) []byte
}

// columns are all columns but written_at, which the database fills in.
var columns = [...]column{
	{"source", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendString(b, r.Event.Source) }},
	{"id", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendString(b, r.Event.ID) }},
	{"type", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendString(b, r.Event.Type) }},
	{"subject", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendOptional(b, r.Event.Subject) }},
	{"time", "timestamptz", pgtype.TimestamptzOID, func(b []byte, r *consumer.Record) []byte { return appendTime(b, r.Event.Time) }},
	{"data_content_type", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendOptional(b, r.Event.DataContentType) }},
	{"data_schema", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendOptional(b, r.Event.DataSchema) }},
	{"data", "jsonb", pgtype.JSONBOID, func(b []byte, r *consumer.Record) []byte { return appendJSON(b, r.Event.Data) }},
	{"data_bytes", "bytea", pgtype.ByteaOID, func(b []byte, r *consumer.Record) []byte { return appendBytes(b, r.Event.DataBase64) }},
	{"extensions", "jsonb", pgtype.JSONBOID, func(b []byte, r *consumer.Record) []byte { return appendExtensions(b, r.Event.Extensions) }},
	{"trace_id", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte {
		id := trace.SpanContextFromContext(r.Context).TraceID()
		return appendHex(b, id[:], id.IsValid())
	}},
	{"span_id", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte {
		id := trace.SpanContextFromContext(r.Context).SpanID()
		return appendHex(b, id[:], id.IsValid())
	}},
	{"alb_root", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendOptional(b, r.ALBRoot) }},
	{"sns_message_id", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendOptional(b, r.SNSMessageID) }},
	{"sqs_message_id", "text", pgtype.TextOID, func(b []byte, r *consumer.Record) []byte { return appendOptional(b, r.SQSMessageID) }},
	{"receive_count", "int4", pgtype.Int4OID, func(b []byte, r *consumer.Record) []byte { return appendCount(b, r.ReceiveCount) }},
	{"accepted_at", "timestamptz", pgtype.TimestamptzOID, func(b []byte, r *consumer.Record) []byte { return appendTime(b, r.AcceptedAt) }},
	{"sent_at", "timestamptz", pgtype.TimestamptzOID, func(b []byte, r *consumer.Record) []byte { return appendTime(b, r.SentAt) }},
	{"received_at", "timestamptz", pgtype.TimestamptzOID, func(b []byte, r *consumer.Record) []byte { return appendTime(b, r.ReceivedAt) }},
}

// insertSQL is the one statement of this package. Every parameter is a column
// as an array, and all have one length. It returns the keys of the rows that
// are new.
//
// Functions that return sets run in lockstep in a SELECT list (PostgreSQL 10
// and later, "SQL Functions Returning Sets"), row by row; unnest of several
// arrays in FROM would first keep every column on the side. ON CONFLICT also
// settles what is in a batch twice.
var insertSQL = func() string {
	var names, arrays strings.Builder
	for i, c := range columns {
		if i > 0 {
			names.WriteString(", ")
			arrays.WriteString(", ")
		}
		names.WriteString(c.name)
		arrays.WriteString("unnest($" + strconv.Itoa(i+1) + "::" + c.sqlType + "[])")
	}
	return "INSERT INTO " + table + " (" + names.String() + ") SELECT " + arrays.String() +
		" ON CONFLICT (source, id) DO NOTHING RETURNING source, id"
}()

// appendArrayHeader begins a one-dimensional array of n elements. (PostgreSQL,
// src/backend/utils/adt/arrayfuncs.c, array_recv: number of dimensions, flags,
// element type, and for each dimension its length and lower bound.)
func appendArrayHeader(b []byte, elementOID uint32, n int) []byte {
	b = append(b, 0, 0, 0, 1, 0, 0, 0, 1)
	b = binary.BigEndian.AppendUint32(b, elementOID)
	b = appendLength(b, n)
	return append(b, 0, 0, 0, 1)
}

func appendLength(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // lengths of a message's parts
}

func appendNull(b []byte) []byte { return append(b, 0xFF, 0xFF, 0xFF, 0xFF) }

func appendString(b []byte, s string) []byte { return append(appendLength(b, len(s)), s...) }

// appendOptional takes the empty string for what is absent.
func appendOptional(b []byte, s string) []byte {
	if s == "" {
		return appendNull(b)
	}
	return appendString(b, s)
}

func appendBytes(b, value []byte) []byte {
	if value == nil {
		return appendNull(b)
	}
	return append(appendLength(b, len(value)), value...)
}

func appendHex(b, id []byte, valid bool) []byte {
	if !valid {
		return appendNull(b)
	}
	return hex.AppendEncode(appendLength(b, hex.EncodedLen(len(id))), id)
}

// jsonbVersion precedes the JSON text in jsonb's binary format. (PostgreSQL,
// src/backend/utils/adt/jsonb.c, jsonb_recv.)
const jsonbVersion = 1

// appendJSON hands the text through: the database parses it, nobody else.
func appendJSON(b []byte, text json.RawMessage) []byte {
	if text == nil {
		return appendNull(b)
	}
	b = append(appendLength(b, len(text)+1), jsonbVersion)
	return append(b, text...)
}

func appendExtensions(b []byte, extensions map[string]any) []byte {
	if len(extensions) == 0 {
		return appendNull(b)
	}
	text, err := json.Marshal(extensions)
	if err != nil { // cannot be: extensions are strings, bools and integers
		return appendNull(b)
	}
	return appendJSON(b, text)
}

func appendCount(b []byte, n int) []byte {
	if n <= 0 {
		return appendNull(b)
	}
	return binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 4), uint32(n)) //nolint:gosec // SQS deletes messages before that
}

// postgresEpoch is the zero of PostgreSQL's times, which count microseconds.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return appendNull(b)
	}
	return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), uint64(t.UnixMicro()-postgresEpoch)) //nolint:gosec // two's complement on the wire
}
