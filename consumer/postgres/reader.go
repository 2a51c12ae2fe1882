package postgres

import (
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tracehaul/tracehaul/consumer"
)

// reader takes in the answers to a batch, in the order in which its chunks
// were sent.
type reader struct {
	conn   *pgconn.PgConn
	unread []*consumer.Record // not answered yet
	stored []consumer.Stored
}

// read returns the first error, or nil when all chunks are answered.
func (r *reader) read(p *pgconn.Pipeline) error {
	for {
		result, err := p.GetResults()
		if err != nil {
			return err
		}
		switch result := result.(type) {
		case *pgconn.StatementDescription:
			r.conn.CustomData()[statement] = result
		case *pgconn.ResultReader:
			if err := r.readChunk(result); err != nil {
				return err
			}
		default: // the answer to Sync, or nothing more to come
			return nil
		}
	}
}

// readChunk marks the records whose keys come back as written, and the others
// of the chunk as duplicates.
func (r *reader) readChunk(rows *pgconn.ResultReader) error {
	chunk := r.unread[:nextChunk(r.unread)]
	r.unread = r.unread[len(chunk):]

	from := len(r.stored)
	for range chunk {
		r.stored = append(r.stored, consumer.Duplicate)
	}
	stored := r.stored[from:]
	// Keys come in the order of the chunk. If they ever did not, they would
	// still be found.
	at := 0
	for rows.NextRow() {
		values := rows.Values()
		for range chunk {
			record := chunk[at]
			match := string(values[1]) == record.Event.ID && string(values[0]) == record.Event.Source
			if match {
				stored[at] = consumer.Written
			}
			if at++; at == len(chunk) {
				at = 0
			}
			if match {
				break
			}
		}
	}
	_, err := rows.Close()
	return err
}
