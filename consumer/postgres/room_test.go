package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// What is sent for a chunk, the Sync after the last one included, must fit, or
// the buffer is copied after all.
func TestRoom_HoldsAllMessagesOfAChunk(t *testing.T) {
	for _, n := range []int{1, chunkRows} {
		params := new(encoder).encode(records(n))
		room, err := roomFor(params).Encode(nil)
		if err != nil || len(room) != 0 {
			t.Fatalf("room is %d bytes, %v", len(room), err)
		}
		bind := &pgproto3.Bind{PreparedStatement: statement, ParameterFormatCodes: binaryParams, Parameters: params, ResultFormatCodes: binaryResults}
		filled := room
		for _, m := range []pgproto3.FrontendMessage{bind, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{}} {
			if filled, err = m.Encode(filled); err != nil {
				t.Fatal(err)
			}
		}
		if &filled[0] != &room[:1][0] {
			t.Errorf("%d rows take %d bytes, and there is room for %d", n, len(filled), cap(room))
		}
	}
}
