//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Ids of the spans of every made-up trace.
const (
	clientSpan     = "c000000000000001"
	requestSpan    = "a000000000000001"
	sendSpan       = "b000000000000001"
	processSpan    = "d000000000000001"
	insertSpan     = "e000000000000001"
	invocationSpan = "f000000000000001"
	waitSpan       = "9000000000000001"
	invocation     = "invocation"
)

// made is a made-up run: one event is in the table, one was refused by the
// database, and one message was put on the topic past the service and is no
// event.
type made struct {
	*ledger
	evidence
	stored, dead, alien *entry
	traces              map[string][]trace.Span
	terms               terms
}

func newMade() *made {
	m := &made{ledger: newLedger(), traces: map[string][]trace.Span{}}
	m.inserts, m.spans = map[key]int{}, func(id string) []trace.Span { return m.traces[id] }
	m.traces[invocation] = []trace.Span{{TraceID: invocation, SpanID: invocationSpan, Kind: kindServer}}
	m.stored, m.dead = m.entry("stored"), m.entry("dead")
	m.alien = &entry{body: "{", want: inDLQ, reason: semconv.ReasonMalformed, code: event.CodeMalformedJSON}
	m.send(m.stored, "1")
	m.send(m.dead, "2")
	m.send(m.alien, "3")
	m.row(m.stored, "1")
	m.letter(m.dead, "2", semconv.ReasonRefused, "23514")
	m.letter(m.alien, "3", semconv.ReasonMalformed, event.CodeMalformedJSON)
	return m
}

func (m *made) entry(id string) *entry {
	data := json.RawMessage(fmt.Sprintf(`{"b":1,"a":%q}`, id))
	return &entry{key: key{eventSource, id}, data: data, sum: checksum(data)}
}

// send writes an event down as accepted and makes its trace.
func (m *made) send(e *entry, traceID string) {
	m.sent(e, traceID, clientSpan)
	m.answered(e, accepted, "202")
	at := time.Unix(1, 0)
	message := map[string]any{string(otelsemconv.MessagingMessageIDKey): "m-" + traceID}
	add := func(spanID, parent, kind, name string) {
		at = at.Add(time.Millisecond)
		s := trace.Span{TraceID: traceID, SpanID: spanID, ParentSpanID: parent, Kind: kind, Name: name, Start: at, End: at}
		switch kind {
		case kindConsumer:
			s.Links, s.Attributes = []trace.Link{{TraceID: invocation, SpanID: invocationSpan}}, maps.Clone(message)
			invoked := &m.traces[invocation][0]
			invoked.Links = append(invoked.Links, trace.Link{TraceID: traceID, SpanID: parent})
		case kindInternal:
			s.End, s.Attributes = at.Add(time.Millisecond), maps.Clone(message) // as the processing begins
		}
		m.traces[traceID] = append(m.traces[traceID], s)
	}
	if e.body == "" {
		add(requestSpan, clientSpan, kindServer, "POST /v1/events")
		add(sendSpan, requestSpan, kindProducer, "send topic")
		add(waitSpan, sendSpan, kindInternal, "wait in queue")
		add(processSpan, sendSpan, kindConsumer, "process queue")
	} else {
		add(waitSpan, clientSpan, kindInternal, "wait in queue")
		add(processSpan, clientSpan, kindConsumer, "process queue")
	}
	add(insertSpan, processSpan, kindClient, "INSERT events")
}

func (m *made) row(e *entry, traceID string) {
	m.rows = append(m.rows, row{key: e.key, sum: e.sum, traceID: traceID, spanID: processSpan})
	m.inserts[e.key]++
}

func (m *made) letter(e *entry, traceID, reason, code string) {
	body, producer := e.body, clientSpan
	if body == "" {
		body, producer = string(e.structured()), sendSpan
	}
	m.letters = append(m.letters, dead{queue: "dlq", messageID: "m-" + traceID, body: body, attributes: map[string]string{
		consumer.AttributeReason: reason, consumer.AttributeCode: code,
		"traceparent": "00-" + traceID + "-" + producer + "-01", event.AttributeAcceptedAt: "2026-01-01T00:00:00Z",
	}})
}

// span is one of a trace, to be changed.
func (m *made) span(traceID, spanID string) *trace.Span {
	for i := range m.traces[traceID] {
		if m.traces[traceID][i].SpanID == spanID {
			return &m.traces[traceID][i]
		}
	}
	panic("there is no span " + spanID)
}

// drop takes a span out of a trace.
func (m *made) drop(traceID, spanID string) {
	var left []trace.Span
	for _, s := range m.traces[traceID] {
		if s.SpanID != spanID {
			left = append(left, s)
		}
	}
	m.traces[traceID] = left
}

func TestSettle_NothingWrong_FindsNothing(t *testing.T) {
	m := newMade()
	a := settle(m.ledger, m.evidence, m.terms)
	if a.events != 3 || a.accepted != 3 || a.findings != nil {
		t.Errorf("%d events, %d accepted, findings %v; want 3, 3 and none", a.events, a.accepted, a.findings)
	}
}

// Every way in which the books can be wrong is found, as what it is, and
// nothing else is.
func TestSettle_SomethingWrong_IsFound(t *testing.T) {
	for name, test := range map[string]struct {
		wrong func(*made)
		want  fault
		text  string
	}{
		"no row":                              {func(m *made) { m.rows = nil }, lost, "neither in the table nor"},
		"no dead letter":                      {func(m *made) { m.letters = m.letters[1:] }, lost, "neither in the table nor"},
		"no dead letter for what is no event": {func(m *made) { m.letters = m.letters[:1] }, lost, "neither in the table nor"},
		"two rows":                            {func(m *made) { m.rows = append(m.rows, m.rows[0]) }, doubled, "2 rows"},
		"inserted, deleted, inserted":         {func(m *made) { m.inserts[m.stored.key] = 2 }, doubled, "2 rows were inserted"},
		"row and dead letter":                 {func(m *made) { m.letter(m.stored, "1", semconv.ReasonRefused, "23514") }, doubled, "1 rows and 1 dead letters"},
		"two dead letters":                    {func(m *made) { m.letters = append(m.letters, m.letters[0]) }, doubled, "2 dead letters"},
		"unknown, and there twice": {func(m *made) {
			m.stored.answer = unknown
			m.row(m.stored, "1")
			m.inserts[m.stored.key] = 1
		}, doubled, "2 rows"},
		"another's data": {func(m *made) { m.rows[0].sum = m.dead.sum }, corrupted, "checksum"},
		"a dead letter's data changed": {func(m *made) {
			m.letters[0].body = strings.Replace(m.letters[0].body, `"b":1`, `"b":2`, 1)
		}, corrupted, "not what was sent"},
		"a row nobody sent": {func(m *made) {
			m.rows = append(m.rows, row{key: key{eventSource, "other"}})
		}, unasked, "nobody sent"},
		"a message nobody sent": {func(m *made) {
			m.letters = append(m.letters, dead{queue: "dlq", body: "?"})
		}, unasked, "nobody sent"},
		"refused, and there":       {func(m *made) { m.stored.answer = refused }, unasked, "refused"},
		"another trace on the row": {func(m *made) { m.rows[0].traceID = "2" }, broken, "the row's trace"},
		"no trace on the row":      {func(m *made) { m.rows[0].traceID = "" }, broken, "the row's trace"},
		"no span on the row":       {func(m *made) { m.rows[0].spanID = "" }, broken, "no span id"},
		"another span on the row":  {func(m *made) { m.rows[0].spanID = sendSpan }, broken, "want that which processed"},
		"a span that never came":   {func(m *made) { m.drop("1", processSpan) }, broken, "not among"},
		"no request":               {func(m *made) { m.drop("1", requestSpan) }, broken, "does not hang from the service"},
		"no sending":               {func(m *made) { m.drop("1", sendSpan) }, broken, "does not hang from the sending"},
		"no INSERT":                {func(m *made) { m.drop("1", insertSpan) }, broken, "no INSERT"},
		"an INSERT that failed":    {func(m *made) { m.span("1", insertSpan).Status = "ERROR" }, broken, "no INSERT that worked"},
		"no link":                  {func(m *made) { m.span("1", processSpan).Links = nil }, broken, "no link to an invocation"},
		"a link to nowhere":        {func(m *made) { m.span("1", processSpan).Links[0].SpanID = "0" }, broken, "no link to an invocation"},
		"no link back":             {func(m *made) { m.traces[invocation][0].Links = m.traces[invocation][0].Links[1:] }, broken, "does not link back"},
		"no wait":                  {func(m *made) { m.drop("1", waitSpan) }, broken, "no wait of message m-1"},
		"another message's wait":   {func(m *made) { m.span("1", waitSpan).Attributes = nil }, broken, "no wait of message m-1"},
		"a wait that goes on":      {func(m *made) { m.span("1", waitSpan).End = time.Unix(2, 0) }, broken, "no wait of message m-1"},
		"a wait of another sender": {func(m *made) { m.span("1", waitSpan).ParentSpanID = requestSpan }, broken, "no wait of message m-1"},
		"not the client's":         {func(m *made) { m.span("1", requestSpan).ParentSpanID = "0" }, broken, "not from the client"},
		"a gap elsewhere": {func(m *made) {
			m.traces["1"] = append(m.traces["1"], trace.Span{TraceID: "1", SpanID: "9", ParentSpanID: "8"})
		}, broken, `parent "8"`},
		"backwards":             {func(m *made) { m.span("1", insertSpan).Start = time.Unix(0, 0) }, broken, "before its parent"},
		"ends before it begins": {func(m *made) { m.span("1", insertSpan).End = time.Unix(0, 0) }, broken, "before it begins"},
		"another trace on a dead letter": {func(m *made) {
			m.letters[0].attributes["traceparent"] = "00-1-" + sendSpan + "-01"
		}, broken, "the dead letter's trace"},
		"a dead letter nobody processed":  {func(m *made) { m.drop("2", processSpan); m.drop("2", insertSpan) }, broken, "no span of trace 2 processed"},
		"no reason":                       {func(m *made) { delete(m.letters[0].attributes, consumer.AttributeReason) }, unexplained, "has reason"},
		"a reason that says nothing":      {func(m *made) { m.letters[0].attributes[consumer.AttributeReason] = "?" }, unexplained, "has reason"},
		"no code":                         {func(m *made) { delete(m.letters[0].attributes, consumer.AttributeCode) }, unexplained, "no code"},
		"another code":                    {func(m *made) { m.letters[1].attributes[consumer.AttributeCode] = "other" }, unexplained, "has code"},
		"another reason":                  {func(m *made) { m.letters[1].attributes[consumer.AttributeReason] = semconv.ReasonRefused }, unexplained, "has reason"},
		"no metadata":                     {func(m *made) { delete(m.letters[0].attributes, event.AttributeAcceptedAt) }, unexplained, "has lost"},
		"in the table, and should not be": {func(m *made) { m.stored.want = inDLQ }, misplaced, "in the table"},
		"dead, and should not be":         {func(m *made) { m.dead.want = inTable }, misplaced, "belongs in the table"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMade()
			test.wrong(m)
			a := settle(m.ledger, m.evidence, m.terms)
			if len(a.findings) != 1 || a.findings[0].fault != test.want || !strings.Contains(a.findings[0].what, test.text) {
				t.Errorf("found %v; want one finding, %s, with %q", a.findings, test.want, test.text)
			}
		})
	}
}

// A dead letter without a traceparent is unexplained, and its trace is broken.
func TestSettle_LetterWithoutContext_IsFound(t *testing.T) {
	m := newMade()
	delete(m.letters[0].attributes, "traceparent")
	a := settle(m.ledger, m.evidence, m.terms)
	if a.of(unexplained) != 1 || a.of(broken) != 1 || len(a.findings) != 2 {
		t.Errorf("found %v; want it unexplained and broken", a.findings)
	}
}

func TestSettle_LettersRepeat_RowsMayNot(t *testing.T) {
	m := newMade()
	m.terms.lettersRepeat = true
	m.letters = append(m.letters, m.letters[0])
	if a := settle(m.ledger, m.evidence, m.terms); a.findings != nil || a.repeated != 1 {
		t.Errorf("a letter twice: found %v, %d repeated; want nothing, 1", a.findings, a.repeated)
	}
	m.row(m.dead, "2")
	if a := settle(m.ledger, m.evidence, m.terms); a.of(doubled) != 1 {
		t.Errorf("and a row: found %v, want it doubled", a.findings)
	}
}

func TestLedger_Answers_TheSurestCounts(t *testing.T) {
	for name, test := range map[string]struct {
		attempts []answer // each with a trace of its own
		want     answer
	}{
		"none":                   {nil, unknown},
		"accepted":               {[]answer{accepted}, accepted},
		"refused":                {[]answer{refused}, refused},
		"refused, then accepted": {[]answer{refused, accepted}, accepted},
		"accepted, then refused": {[]answer{accepted, refused}, accepted},
		"accepted, then unknown": {[]answer{accepted, unknown}, accepted},
		"unknown, then refused":  {[]answer{unknown, refused}, unknown},
		"refused, then unknown":  {[]answer{refused, unknown}, unknown},
		"refused twice":          {[]answer{refused, refused}, refused},
	} {
		t.Run(name, func(t *testing.T) {
			l, e := newLedger(), &entry{key: key{"s", "1"}}
			for i, a := range test.attempts {
				l.sent(e, strconv.Itoa(i), clientSpan)
				l.answered(e, a, "")
			}
			if e.answer != test.want {
				t.Errorf("the answer is %v, want %v", e.answer, test.want)
			}
		})
	}
}

// Of data whose text jsonb changes, a row has what jsonb makes of them by its
// rules, and nothing else that decodes to the same.
func TestChecksum_RowOfOtherText_IsFound(t *testing.T) {
	sent := []byte(`{"amount":1,"zero":-0,"amount":2,"price":1.50,"a":"\u00fc"}`)
	for stored, want := range map[string]bool{
		`{"a": "ü", "zero": 0, "price": 1.50, "amount": 2}`:              true,
		`{"a": "ü", "zero": 0, "price": 1.50, "amount": 1}`:              false, // the first of a name
		`{"a": "ü", "zero": 0, "price": 1.5, "amount": 2}`:               false, // a double
		`{"a": "ü", "zero": -0, "price": 1.50, "amount": 2}`:             false,
		`{"a": "ü", "zero": 0, "price": 1.50, "amount": 1, "amount": 2}`: false, // json, not jsonb
		string(sent): false,
	} {
		if got := sumOf([]byte(stored)) == checksum(sent); got != want {
			t.Errorf("%s passes: %v, want %v", stored, got, want)
		}
	}
}

// A dead letter has what was sent, with every name that was given twice.
func TestSameText_NameGivenTwice_IsNotGivenOnce(t *testing.T) {
	sent := []byte(`{"amount":1,"amount":2,"t":"<ü>"}`)
	for got, want := range map[string]bool{
		`{ "amount": 1, "amount":2, "t": "\u003cü\u003e" }`: true,
		`{"amount":2,"t":"<ü>"}`:                            false,
		`{"amount":2,"amount":1,"t":"<ü>"}`:                 false,
	} {
		if same := sameText([]byte(got), sent); same != want {
			t.Errorf("%s is the same: %v, want %v", got, same, want)
		}
	}
	if !sameText([]byte{0, 0xff}, []byte{0, 0xff}) || sameText([]byte{0}, []byte{1}) {
		t.Error("bytes are not compared")
	}
}

func TestDead_Envelope_IsOpened(t *testing.T) {
	d := dead{
		body:       `{"Type":"Notification","Message":"{\"source\":\"s\",\"id\":\"1\",\"data\":{}}","MessageAttributes":{"traceparent":{"Type":"String","Value":"00"}}}`,
		attributes: map[string]string{"failure-reason": "refused"},
	}
	o := d.open()
	if o.key != (key{"s", "1"}) || string(o.data) != "{}" || o.attributes["traceparent"] != "00" || o.attributes["failure-reason"] != "refused" {
		t.Errorf("opened: %+v", o)
	}
}
