package consumer

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/event"
)

func TestSortByKey_AnyRecords_BytewiseThenByPosition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{"", "a", "0191f6a0-5f3c-7", "\xff"}).Draw(t, "prefix")
		id := rapid.OneOf(rapid.StringMatching(`[ab\x00]{0,3}`), rapid.StringN(0, 12, 12))
		sources := rapid.SampledFrom([][]string{{"/s"}, {"/s", "/t", "/s/t"}}).Draw(t, "sources")
		n := rapid.IntRange(0, 40).Draw(t, "records")
		records := make([]*Record, n)
		for i := range records {
			records[i] = &Record{position: i, Event: event.Event{
				Source: rapid.SampledFrom(sources).Draw(t, "source"), ID: prefix + id.Draw(t, "id"),
			}}
		}
		want := slices.Clone(records)
		slices.SortFunc(want, func(a, b *Record) int {
			return cmp.Or(cmp.Compare(a.Event.Source, b.Event.Source), cmp.Compare(a.Event.ID, b.Event.ID), a.position-b.position)
		})
		sortByKey(records)
		if !slices.Equal(records, want) {
			t.Fatalf("the order is %v, want %v", keysOf(records), keysOf(want))
		}
	})
}

func keysOf(records []*Record) (all []string) {
	for _, r := range records {
		all = append(all, fmt.Sprintf("%q %q %d", r.Event.Source, r.Event.ID, r.position))
	}
	return all
}

func BenchmarkSortByKey(b *testing.B) {
	unsorted := make([]*Record, 1000)
	for i := range unsorted {
		k := uint32(i) * 2654435761 // as good as random
		unsorted[i] = &Record{position: i, Event: event.Event{Source: "https://shop.example/orders", ID: fmt.Sprintf("0191f6a0-5f3c-7%03x-9d0f-%012x", k>>20, k)}}
	}
	records := make([]*Record, len(unsorted))
	for b.Loop() {
		copy(records, unsorted)
		sortByKey(records)
	}
}
