package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Verdict is how far the event came.
type Verdict struct {
	Arrived bool `json:"arrived"`
	// Place is where it is; of several messages, that which is worst off.
	Place Place `json:"place"`
	// Gaps is true if a span that should be there is not.
	Gaps     bool   `json:"gaps"`
	Headline string `json:"headline"`
	// Why says what is known of the cause, a sentence each.
	Why []string `json:"why"`
	// Next says where to look, or what to do.
	Next []string `json:"next"`
}

// judge says how far the event came, and why no further.
func (t *Story) judge() Verdict {
	v := Verdict{Place: PlaceUnknown, Why: []string{}, Next: []string{}}
	chosen := t.chosen()
	if len(chosen) == 0 {
		return t.atTheDoor(v)
	}
	worst := chosen[0]
	for _, d := range chosen[1:] {
		if rank(d.Place) > rank(worst.Place) {
			worst = d
		}
	}
	v.Place, v.Arrived = worst.Place, worst.Place == PlaceRow
	switch worst.Place {
	case PlaceRow:
		t.arrived(&v, chosen)
	case PlaceDeadLetter:
		worst.deadLetter(&v, t.At)
	case PlaceQueue:
		worst.inQueue(&v, t)
	case PlaceUnsent:
		v.Headline = "It did not get out of the service: SNS did not take it."
		v.Why = append(v.Why, fmt.Sprintf("The publish to %s failed after %s: %s", worst.Topic, trace.Counted(max(worst.Attempts, 1), "attempt"), cmp.Or(worst.SendError, "no reason is known")))
		v.Next = append(v.Next, "The client was told so and has to send it again; with the same source and id that is harmless. See docs/runbooks/topic.md.")
	default:
		if worst.NoRow {
			v.noRowOf(worst)
			break
		}
		t.lost(&v, worst)
	}
	if n := len(chosen); n > 1 {
		v.Why = append(v.Why, t.counts(chosen))
	}
	return v
}

// chosen are the deliveries of the event that was asked for, or all of the
// trace.
func (t *Story) chosen() []*Delivery {
	var all, focused []*Delivery
	for i := range t.Deliveries {
		d := &t.Deliveries[i]
		all = append(all, d)
		if t.focus != nil && t.focus.Is(d.EventSource, d.EventID) {
			focused = append(focused, d)
		}
	}
	unnamed := !slices.ContainsFunc(all, func(d *Delivery) bool { return d.EventID != "" })
	if t.focus == nil || unnamed {
		return all
	}
	return focused
}

func rank(p Place) int {
	return slices.Index([]Place{PlaceRow, PlaceQueue, PlaceUnknown, PlaceDeadLetter, PlaceUnsent, PlaceRefused}, p)
}

func (t *Story) counts(chosen []*Delivery) string {
	n := map[Place]int{}
	rowless := 0
	for _, d := range chosen {
		if d.NoRow {
			rowless++
			continue
		}
		n[d.Place]++
	}
	var parts []string
	for _, p := range []struct {
		place Place
		what  string
	}{{PlaceRow, "written"}, {PlaceQueue, "in a queue"}, {PlaceDeadLetter, "dead letter"}, {PlaceUnsent, "not published"}, {PlaceUnknown, "not seen again"}} {
		switch {
		case p.place == PlaceDeadLetter && n[p.place] > 0:
			parts = append(parts, trace.Counted(n[p.place], p.what))
		case n[p.place] > 0:
			parts = append(parts, fmt.Sprintf("%d %s", n[p.place], p.what))
		}
	}
	if rowless > 0 {
		parts = append(parts, fmt.Sprintf("%d without its row", rowless))
	}
	return fmt.Sprintf("Of %d messages of this trace: %s.", len(chosen), strings.Join(parts, ", "))
}

func (t *Story) arrived(v *Verdict, chosen []*Delivery) {
	t.arrivedBy(v, chosen)
	for _, d := range chosen {
		if failed := d.failures(); failed > 0 {
			v.Why = append(v.Why, fmt.Sprintf("It took %s: %d failed before, the last for %s.", trace.Counted(max(len(d.Receives), d.count), "receive"), failed, d.lastFailure().outcome()))
		}
		if r := d.putAside(); r != nil {
			v.Why = append(v.Why, fmt.Sprintf("Delivery %d ended %s: it was a dead letter, and somebody has redriven it.", r.Count, r.outcome()))
		}
		if d.By != "" {
			v.Why = append(v.Why, "The row was brought by an earlier sending of the same event, in trace "+d.By+".")
		}
	}
}

// putAside is the receive by which the consumer gave it up, or nil.
func (d *Delivery) putAside() *Receive {
	for i := range d.Receives {
		if d.Receives[i].Outcome == semconv.OutcomeDeadLettered {
			return &d.Receives[i]
		}
	}
	return nil
}

// since says what the time of a message is: SQS keeps that of the first sending
// where it moves one, and what is put aside is sent anew, and not received yet.
func (m *Message) since() string {
	if m.DeadLetter && m.Reason != reasonUnsettled {
		return " since it was put there"
	}
	return ", first sent"
}

func duplicate(d *Delivery) string {
	if slices.ContainsFunc(d.Receives, func(r Receive) bool { return r.Outcome == semconv.OutcomeDuplicate }) {
		return " before, by an earlier sending of the same event"
	}
	return ""
}

func (d *Delivery) failures() (n int) {
	for _, r := range d.Receives {
		if r.Outcome == semconv.OutcomeFailed {
			n++
		}
	}
	return n
}

func (d *Delivery) lastFailure() Receive {
	for _, r := range slices.Backward(d.Receives) {
		if r.Outcome == semconv.OutcomeFailed || r.Outcome == semconv.OutcomeDeadLettered {
			return r
		}
	}
	return Receive{}
}

// failure says in a sentence how the last receive ended, or nothing.
func (d *Delivery) failure() []string {
	r := d.lastFailure()
	if r.Outcome == "" {
		return nil
	}
	return []string{strings.TrimSuffix(fmt.Sprintf("Delivery %d ended %s: %s", r.Count, r.outcome(), r.Error), ": ")}
}

func (d *Delivery) deadLetter(v *Verdict, now time.Time) {
	v.Headline = fmt.Sprintf("It stopped at the consumer of %s and is a dead letter.", d.Queue)
	v.Why = append(v.Why, d.failure()...)
	m := d.Message
	if m == nil {
		v.Next = append(v.Next, "The letter was not found in the queue of dead letters: nobody could look there, or somebody has redriven or dropped it.")
		return
	}
	why := "It lies in " + m.Queue
	if m.Reason != "" {
		why += " for the reason " + strings.TrimSpace(m.Reason+" "+m.Code)
	}
	v.Why = append(v.Why, fmt.Sprintf("%s, received %s%s %s ago.", why, trace.Counted(m.ReceiveCount, "time"), m.since(), trace.FormatAge(now.Sub(m.SentAt))))
	if m.Problem != "" {
		v.Why = append(v.Why, "There is no event in it: "+m.Problem)
	}
	switch m.Reason {
	case reasonUnsettled:
		v.Next = append(v.Next, "The cause was around it (database, time, throttling) and may be gone: then `tracehaul dlq redrive` brings it in. See docs/dlq.md.")
	case reasonUndelivered:
		v.Next = append(v.Next, "SNS could not put it into the queue, and no consumer has seen it. See docs/runbooks/undelivered.md.")
	default:
		v.Next = append(v.Next, "It can never work as it is: mend what sends such events, or the table, before `tracehaul dlq redrive`. See docs/dlq.md.")
	}
}

func (d *Delivery) inQueue(v *Verdict, t *Story) {
	failed := d.failures()
	switch {
	case failed > 0:
		v.Headline = fmt.Sprintf("It stopped at the consumer of %s and waits to be tried again.", d.Queue)
		v.Why = append(v.Why, d.failure()...)
	case d.held(t.At):
		v.Headline = fmt.Sprintf("It is with the consumer of %s, which has not settled it yet.", d.Queue)
	default:
		v.Headline = fmt.Sprintf("It is in the queue %s, and no consumer has settled it yet.", d.Queue)
	}
	if m := d.Message; m != nil {
		why := fmt.Sprintf("It lies in %s, received %s", m.Queue, trace.Counted(m.ReceiveCount, "time"))
		if most := t.expect.MaxReceives[m.Queue]; most > 0 {
			why += fmt.Sprintf(" of %d before it becomes a dead letter", most)
		}
		if m.HiddenUntil.After(t.At) {
			why += "; hidden for another " + trace.FormatAge(m.HiddenUntil.Sub(t.At))
		}
		v.Why = append(v.Why, why+".")
	} else if failed > 0 {
		v.Why = append(v.Why, trace.Counted(failed, "receive")+" failed so far; where the message lies now nobody could tell.")
	}
	switch {
	case failed == 0 && d.held(t.At):
		v.Next = append(v.Next, "Ask again in a moment. If the function was ended in the middle, SQS delivers it again when it is no longer hidden.")
	case failed > 0:
		v.Next = append(v.Next, "SQS delivers it again by itself. What to do about the cause: docs/runbooks/item-failures.md.")
	default:
		v.Next = append(v.Next, "If it stays there, the consumer does not run or cannot keep up: docs/runbooks/queue-age.md.")
	}
}

// held reports whether a consumer has the message now.
func (d *Delivery) held(now time.Time) bool {
	return d.Message != nil && !d.Message.DeadLetter && d.Message.ReceiveCount > 0 && d.Message.HiddenUntil.After(now)
}

// lost is for what was sent and not seen since.
func (t *Story) lost(v *Verdict, d *Delivery) {
	switch open := slices.ContainsFunc(d.Receives, func(r Receive) bool { return r.Outcome == "" }); {
	case open:
		v.Headline = fmt.Sprintf("It stopped at the consumer of %s, which says nothing of its outcome.", d.Queue)
		v.Why = append(v.Why, "The span of the processing has no outcome: the function was ended in the middle, or its memory or time was over.")
		v.Next = append(v.Next, "Look at the log of the function for \"Task timed out\" or \"Runtime exited\". SQS delivers the message again. See docs/runbooks/consumer-errors.md.")
	case len(d.Receives) > 0:
		v.Headline = "It reached the consumer, and what became of it is not known."
	default:
		v.Headline = fmt.Sprintf("SNS took it at %s, and nothing is known since.", d.SentAt.UTC().Format("15:04:05.000Z"))
		v.Why = append(v.Why, "No consumer has a span of it, no row has its trace id, and no queue that was looked into has the message.")
		v.Next = append(v.Next,
			"It still waits in the queue (docs/runbooks/queue-age.md), the subscription's filter left it out, or its attributes were too many for raw delivery (docs/runbooks/sns-events-lost.md).",
			"If the consumer's spans are only late, ask again in a minute.")
	}
}
