//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sync"
)

// answer is what a client knows of an event, the surest last.
type answer int

const (
	unknown  answer = iota // no answer, or one that leaves it open: stored at most once
	refused                // certainly not taken: must not be stored
	accepted               // must be stored
)

// key is an event's identity.
type key struct{ Source, ID string }

func (k key) String() string { return k.Source + " " + k.ID }

// fate is where an event has to end.
type fate int

const (
	anywhere fate = iota
	inTable
	inDLQ
)

// entry is what is known of one event. Once it is in the ledger, only the
// ledger's methods change it.
type entry struct {
	key  key
	data json.RawMessage
	sum  string // of the data; see checksum
	body string // the message itself, where it did not go through the service
	want fate

	// about is what it says of itself, base64 that its data are no JSON, and root
	// the Root that the client has sent along. Where about is nil, nobody looks.
	about  *about
	base64 bool
	root   string

	// reason and code are what a dead letter has to say, "" for anything.
	reason, code string

	answer answer
	detail string // the last answer as a person reads it

	// traces are those of the requests it was sent with: trace id to the ids
	// of the client's spans.
	traces map[string][]string

	// refusals are what was answered to those requests in which it was certainly
	// not taken, by their trace ids.
	refusals map[string]string
}

// ledger is what was sent, and what was answered. It is safe for concurrent
// use.
type ledger struct {
	mu      sync.Mutex
	entries []*entry
	byKey   map[key]*entry
	byBody  map[string]*entry

	unsampled map[string]bool // traces that are to have no spans
}

func newLedger() *ledger {
	return &ledger{byKey: map[key]*entry{}, byBody: map[string]*entry{}, unsampled: map[string]bool{}}
}

// sent writes an event down before it is sent, again if it is sent again.
func (l *ledger) sent(e *entry, traceID, spanID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.traces == nil {
		e.traces = map[string][]string{}
		l.entries = append(l.entries, e)
		if e.key != (key{}) {
			l.byKey[e.key] = e
		}
		if e.body != "" {
			l.byBody[e.body] = e
		}
	}
	if !slices.Contains(e.traces[traceID], spanID) {
		e.traces[traceID] = append(e.traces[traceID], spanID)
	}
}

// answered writes an answer down. An event that was ever accepted stays so;
// one of which nothing is known after some attempt can be refused no more.
func (l *ledger) answered(e *entry, a answer, detail string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.detail = detail
	switch {
	case e.answer == accepted:
	case a == refused && len(e.traces) > 1: // an attempt before may have got through
	default:
		e.answer = a
	}
}

// traced says in which trace an event was sent whose client has learnt it from
// the answer. There is no span of a client above the request's.
func (l *ledger) traced(e *entry, traceID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(e.traces, "")
	e.traces[traceID] = append(e.traces[traceID], "")
}

// notSampled says that a trace has no spans.
func (l *ledger) notSampled(traceID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unsampled[traceID] = true
}

// withoutSpans returns the traces that have no spans.
func (l *ledger) withoutSpans() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.unsampled)
}

// refusedIn writes down that a request was certainly refused, whatever became of
// the event in others: it must not be stored with that request's trace.
func (l *ledger) refusedIn(e *entry, traceID, detail string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.refusals == nil {
		e.refusals = map[string]string{}
	}
	e.refusals[traceID] = detail
}

// open returns the events that were not accepted yet.
func (l *ledger) open() (left []*entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.answer != accepted {
			left = append(left, e)
		}
	}
	return left
}

// all returns every event in the order in which they were sent.
func (l *ledger) all() []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// find returns the event of a message's body or of a key, or nil.
func (l *ledger) find(body string, k key) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.byBody[body]; e != nil {
		return e
	}
	return l.byKey[k]
}

// checksum is that of what a row has to have of an event's data: of JSON the
// text that jsonb makes of it, of anything else the bytes.
func checksum(data []byte) string {
	if text, ok := jsonb(data); ok {
		data = []byte(text)
	}
	return sumOf(data)
}

func sumOf(stored []byte) string {
	sum := sha256.Sum256(stored)
	return hex.EncodeToString(sum[:])
}

// sameText reports whether two messages have the same data, byte by byte but for
// the white space and the escapes that the client's JSON encoder makes: nothing
// on the way may take a name that is given twice for one.
func sameText(a, b []byte) bool {
	return bytes.Equal(encoded(a), encoded(b))
}

func encoded(data []byte) []byte {
	if text, err := json.Marshal(json.RawMessage(data)); err == nil {
		return text
	}
	return data
}
