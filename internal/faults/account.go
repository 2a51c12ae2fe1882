//go:build unix

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// fault is a kind of what the books find.
type fault int

const (
	lost        fault = iota // accepted and nowhere
	doubled                  // more than one effect
	corrupted                // what is there is not what was sent
	unasked                  // nobody sent it, or it was refused
	broken                   // the trace does not lead there
	unexplained              // a dead letter without reason, code or context
	misplaced                // in the table or the dead-letter queue, but it should be in the other
)

func (f fault) String() string {
	return [...]string{"lost", "doubled", "corrupted", "unasked", "broken", "unexplained", "misplaced"}[f]
}

// finding is one thing that should not be.
type finding struct {
	fault fault
	event string // its key, or what else names it
	what  string
}

func (f finding) String() string { return fmt.Sprintf("%s: %s: %s", f.fault, f.event, f.what) }

// account is the books, settled.
type account struct {
	evidence
	events, accepted, refused, unknown int
	repeated                           int // dead letters that are there again, where that may be
	findings                           []finding
}

// terms are what a scenario allows.
type terms struct {
	spansMayMiss, lettersRepeat, commitUnknown bool

	// cutOff are the traces of which spans may miss because an invocation
	// failed.
	cutOff map[string]bool

	// killed are the lives of services that SIGKILL has ended, with the spans
	// of what they had accepted.
	killed lives
}

// settle holds what was sent against what was found.
func settle(l *ledger, ev evidence, t terms) *account {
	a := &account{evidence: ev}
	rows := map[*entry][]row{}
	letters := map[*entry][]dead{}
	for _, r := range ev.rows {
		if e := l.find("", r.key); e != nil {
			rows[e] = append(rows[e], r)
		} else {
			a.find(unasked, r.key.String(), "the row is of an event that nobody sent")
		}
	}
	for _, d := range ev.letters {
		o := d.open()
		if e := l.find(o.text, o.key); e != nil {
			letters[e] = append(letters[e], d)
		} else {
			a.find(unasked, "message "+d.messageID, fmt.Sprintf("in %s is a message that nobody sent: %.200q", d.queue, d.body))
		}
	}
	for _, e := range l.all() {
		a.count(e)
		a.settleEvent(e, rows[e], letters[e], t)
	}
	for k, n := range ev.inserts {
		if n > 1 {
			a.find(doubled, k.String(), fmt.Sprintf("%d rows were inserted for it", n))
		}
	}
	slices.SortStableFunc(a.findings, func(x, y finding) int {
		return cmp.Or(cmp.Compare(x.fault, y.fault), strings.Compare(x.event, y.event))
	})
	return a
}

func (a *account) find(f fault, event, what string) {
	a.findings = append(a.findings, finding{f, event, what})
}

// of counts the findings of a kind.
func (a *account) of(f fault) (n int) {
	for _, x := range a.findings {
		if x.fault == f {
			n++
		}
	}
	return n
}

func (a *account) count(e *entry) {
	a.events++
	switch e.answer {
	case accepted:
		a.accepted++
	case refused:
		a.refused++
	default:
		a.unknown++
	}
}

// settleEvent looks at all that became of one event.
func (a *account) settleEvent(e *entry, rows []row, letters []dead, t terms) {
	name := cmp.Or(strings.TrimSpace(e.key.String()), fmt.Sprintf("message %.60q", e.body))
	effects := len(rows) + len(letters)
	if t.lettersRepeat && len(letters) > 1 {
		a.repeated += len(letters) - 1
		effects = len(rows) + 1
	}
	switch {
	case effects == 0 && e.answer == accepted:
		a.find(lost, name, "it was accepted ("+e.detail+") and is neither in the table nor in a dead-letter queue")
	case effects > 0 && e.answer == refused:
		a.find(unasked, name, "it was refused ("+e.detail+") and is there all the same")
	case effects > 1:
		a.find(doubled, name, fmt.Sprintf("there are %d rows and %d dead letters", len(rows), len(letters)))
	}
	for _, r := range rows {
		a.settleRow(name, e, r, t)
	}
	for _, d := range letters {
		a.settleLetter(name, e, d, t)
	}
}

// settleRefusal finds what came of a request that was refused, where another
// request with the same event was not.
func (a *account) settleRefusal(name string, e *entry, traceID string) {
	if detail, was := e.refusals[traceID]; was && e.answer != refused {
		a.find(unasked, name, fmt.Sprintf("the request of trace %s was refused (%s), and what it sent is there", traceID, detail))
	}
}

func (a *account) settleRow(name string, e *entry, r row, t terms) {
	if e.want == inDLQ {
		a.find(misplaced, name, "it is in the table, and can never work")
	}
	a.settleRefusal(name, e, r.traceID)
	if r.sum != e.sum {
		a.find(corrupted, name, "the row's data have another checksum than what is to be stored of what was sent")
	}
	if what := e.differs(r); what != "" {
		a.find(corrupted, name, what)
	}
	if err := a.checkRowTrace(e, r, t); err != nil {
		a.find(broken, name, err.Error())
	}
}

func (a *account) settleLetter(name string, e *entry, d dead, t terms) {
	if e.want == inTable {
		a.find(misplaced, name, fmt.Sprintf("it is in %s with reason %q and code %q, and belongs in the table",
			d.queue, d.attributes[consumer.AttributeReason], d.attributes[consumer.AttributeCode]))
	}
	o := d.open()
	if part := strings.Split(o.attributes["traceparent"], "-"); len(part) == 4 {
		a.settleRefusal(name, e, part[1])
	}
	if e.body != "" && o.text != e.body || e.body == "" && !sameText(o.data, e.data) {
		a.find(corrupted, name, "the dead letter's body is not what was sent")
	}
	if what := explained(e, o.attributes); what != "" {
		a.find(unexplained, name, "the message in "+d.queue+" "+what)
	}
	if err := a.checkLetterTrace(e, o.attributes, t); err != nil {
		a.find(broken, name, err.Error())
	}
}

// explained says what a dead letter does not tell.
func explained(e *entry, attributes map[string]string) string {
	reason, code := attributes[consumer.AttributeReason], attributes[consumer.AttributeCode]
	switch {
	case reason != semconv.ReasonMalformed && reason != semconv.ReasonRefused:
		return fmt.Sprintf("has reason %q, want %s or %s", reason, semconv.ReasonMalformed, semconv.ReasonRefused)
	case code == "":
		return "has no code"
	case e.reason != "" && reason != e.reason:
		return fmt.Sprintf("has reason %q, want %q", reason, e.reason)
	case e.code != "" && code != e.code:
		return fmt.Sprintf("has code %q, want %q", code, e.code)
	case attributes["traceparent"] == "":
		return "has lost its traceparent"
	case e.body == "" && attributes[event.AttributeAcceptedAt] == "":
		return "has lost what the service said of it: there is no " + event.AttributeAcceptedAt
	}
	return ""
}
