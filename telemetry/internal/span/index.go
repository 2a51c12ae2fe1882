package span

import (
	"encoding/binary"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

// A span with many or with large attributes has an index, without which each
// more would cost as much as all before it. Others do without: to look through
// a few hundred bytes is faster.
const (
	indexedAttributes = 64
	indexedSize       = 8 << 10
)

// index says where in a state's buffer the attributes are. One that is
// replaced by a longer or shorter one is written to the end: what was there
// before is dead, until there is more of it than of what counts.
type index struct {
	numbers map[string]int // of attributes, by key
	places  []place        // by number
	dead    int            // bytes
}

type place struct{ from, to int }

// large says whether a state needs an index.
func (s *state) large() bool {
	return s.attributes >= indexedAttributes || len(s.buf) >= indexedSize
}

// makeIndex finds all attributes that are there.
func (s *state) makeIndex() {
	s.index = &index{numbers: make(map[string]int, 2*s.attributes)}
	for at := otlp.HeaderSize; at < len(s.buf); {
		key, to := s.keyAt(at)
		s.index.add(string(key), place{at, to})
		at = to
	}
}

func (x *index) add(key string, p place) {
	x.numbers[key] = len(x.places)
	x.places = append(x.places, p)
}

// find returns where the attribute with a key is, or two zeros.
func (x *index) find(key string) (from, to int) {
	if n, ok := x.numbers[key]; ok {
		return x.places[n].from, x.places[n].to
	}
	return 0, 0
}

// keyAt returns the key of the attribute that begins at a place, and where it
// ends.
func (s *state) keyAt(at int) (key []byte, to int) {
	size, n := binary.Uvarint(s.buf[at+1:]) // after the tag
	body := at + 1 + n
	length, n := binary.Uvarint(s.buf[body+1:])
	key = s.buf[body+1+n:]
	return key[:length], body + int(size) //nolint:gosec // it was encoded here
}

// move makes what was appended at end the attribute of a key, and what was
// there before dead.
func (s *state) move(key string, end int) {
	p := &s.index.places[s.index.numbers[key]]
	s.index.dead += p.to - p.from
	*p = place{end, len(s.buf)}
	if s.index.dead > len(s.buf)/2 {
		s.compact()
	}
}

// compact leaves out what is dead, and puts the attributes into the order in
// which they came first.
func (s *state) compact() {
	if s.index == nil || s.index.dead == 0 {
		return
	}
	old := s.buf
	s.buf = make([]byte, otlp.HeaderSize, len(old))
	for i := range s.index.places {
		p := &s.index.places[i]
		at := len(s.buf)
		s.buf = append(s.buf, old[p.from:p.to]...)
		*p = place{at, len(s.buf)}
	}
	s.index.dead = 0
}
