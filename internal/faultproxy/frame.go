package faultproxy

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Types of messages, as PostgreSQL has them ("Message Formats").
const (
	fromClientBind    = 'B'
	fromClientExecute = 'E'
	fromClientQuery   = 'Q'
	fromClientSync    = 'S'

	fromServerCommandComplete = 'C'
	fromServerEmptyQuery      = 'I'
	fromServerSuspended       = 's'
	fromServerError           = 'E'
	fromServerReady           = 'Z'
)

const frameHead = 5 // the type, and the length of all that follows the type

// readFrame reads one message, type and length included.
func readFrame(r io.Reader) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[1:])) + 1
	if n > maxFrame || n < frameHead {
		return nil, errTooLarge
	}
	frame := make([]byte, n)
	copy(frame, head[:])
	if _, err := io.ReadFull(r, frame[frameHead:]); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return frame, nil
}

// frames reads messages ahead, so that a peer that goes away is noticed while
// another message is held. It returns when there is nothing more to read.
func frames(ctx context.Context, r io.Reader, ahead chan<- parcel) {
	defer close(ahead)
	for {
		frame, err := readFrame(r)
		if err != nil {
			return
		}
		select {
		case ahead <- parcel{frame, time.Now()}:
		case <-ctx.Done():
			return
		}
	}
}

// encode is a message of ours, which always fits.
func encode(m pgproto3.Message) []byte {
	b, err := m.Encode(nil)
	if err != nil {
		return nil
	}
	return b
}

// noPortal names a portal that is never there: to execute it has the server
// give up its transaction.
const noPortal = "tracehaul_fault"
