//go:build !race

package postgres

import (
	"runtime"
	"slices"
	"testing"
)

// Every chunk's messages are made in a buffer that is large enough at once: one
// that grows by doubling takes twice to three times as much memory, and as
// many copies.
func TestSink_WholeChunks_AreSentFromOneBufferEach(t *testing.T) {
	pool := migrated(t)
	sink, batch := New(pool), records(4*chunkRows)
	write := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := sink.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	write() // connects, and makes the encoder's own buffers
	sent := 0
	for chunk := range slices.Chunk(batch, chunkRows) {
		sent += int(roomFor(new(encoder).encode(chunk)))
	}
	least := write()
	for range 10 { // what else runs allocates, too
		least = min(least, write())
	}
	t.Logf("%d bytes are sent, %d allocated", sent, least)
	if limit := uint64(sent) * 3 / 2; least > limit {
		t.Errorf("%d bytes are allocated for %d that are sent, want %d at most: buffers are copied", least, sent, limit)
	}
}
