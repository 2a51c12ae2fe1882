package consumer

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// sortByKey sorts records by source and id, byte by byte, and those with the
// same by their position. Ids are long, alike at the beginning, and compared
// ten thousand times for a thousand records: nearly always the first bytes in
// which they are not all alike tell them apart.
func sortByKey(records []*Record) {
	alike := commonPrefix(records)
	keyed := make([]keyedRecord, len(records))
	for i, r := range records {
		keyed[i] = keyedRecord{r.key(alike), r}
	}
	slices.SortFunc(keyed, func(a, b keyedRecord) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Or(compareKeys(a.record, b.record), a.record.position-b.record.position)
	})
	for i := range keyed {
		records[i] = keyed[i].record
	}
}

type keyedRecord struct {
	key    uint64 // smaller only where source and id come before
	record *Record
}

// commonPrefix is how many bytes of all ids are the same, or -1 if the sources
// are not.
func commonPrefix(records []*Record) int {
	if len(records) == 0 {
		return 0
	}
	first := &records[0].Event
	n := len(first.ID)
	for _, r := range records[1:] {
		if r.Event.Source != first.Source {
			return -1
		}
		n = min(n, len(r.Event.ID))
		for n > 0 && r.Event.ID[:n] != first.ID[:n] {
			n--
		}
	}
	return n
}

// key is made of the bytes of the id after those that all have.
func (r *Record) key(alike int) uint64 {
	if alike < 0 {
		return 0
	}
	var b [8]byte // an id that ends comes before one that goes on, as its zeros do
	copy(b[:], r.Event.ID[alike:])
	return binary.BigEndian.Uint64(b[:])
}

func compareKeys(a, b *Record) int {
	if c := strings.Compare(a.Event.Source, b.Event.Source); c != 0 {
		return c
	}
	return strings.Compare(a.Event.ID, b.Event.ID)
}
