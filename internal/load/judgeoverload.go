//go:build unix

package main

import "fmt"

const (
	// refusalShare is how much of the processor time of an event a refusal may
	// take. Reading a request and answering it, which net/http and the kernel
	// do, is in both, and all but a little of a refusal: two fifths, and more
	// when other programs use the processor's caches.
	refusalShare = .75

	// goodputShare is how much the service must accept of what the model says
	// that it can at best. It cannot be all: the model knows nothing of what
	// thousands of connections do to the processor's caches.
	goodputShare = .5

	// goodputLeast is how much of what it accepts at the knee the service must
	// accept at twice of that, of whatever the machine leaves to it.
	goodputLeast = .2
	timesOfLeast = 2

	// risesAgain is how much of what it accepts at the most it must accept, of
	// the same processor time, when no more is offered than at the knee again. It
	// is more, as there is less to refuse, unless little had to be refused: then
	// events are cheaper the more come, as calls of SNS are full.
	risesAgain = .6
)

// load is what was seen at some times the knee.
type load struct {
	times float64
	figures
}

// model says what is possible beyond the knee. While the processor is what
// limits the service, its time goes to events and to refusals. If each of the
// former takes e and of the latter r, then n requests in C of processor time
// can at best be
//
//	(C - r n) / (e - r)
//
// accepted ones. With C = e, that is (e - k r)/(e - r) at k times the knee: it
// falls, however good the service, to nothing at e/r times. What collapses
// accepts less than that, as its events or refusals take longer than they did.
type model struct {
	event, refusal float64 // seconds of processor time
}

// nearlyAll is the share of requests that are accepted where what an event
// takes is looked for.
const nearlyAll = .95

// newModel takes e from where it was least, as events are cheaper the fuller
// the calls of SNS are, and r from when nearly all was refused.
func newModel(all []load, refusing figures) (m model, ok bool) {
	for _, l := range all {
		n := l.count(accepted)
		if n == 0 || n < nearlyAll*float64(l.requests()) && l.times != 1 {
			continue
		}
		if e := l.cpu() / n; m.event == 0 || e < m.event {
			m.event = e
		}
	}
	refused := refusing.count(overloaded, unavailable)
	if m.event == 0 || refused == 0 {
		return m, false
	}
	m.refusal = max(0, (refusing.cpu()-m.event*refusing.count(accepted))/refused)
	return m, true
}

// best is how many events the service could have accepted.
func (m model) best(f figures) float64 {
	if m.event <= m.refusal {
		return f.count(accepted)
	}
	handled := f.count(accepted, overloaded, unavailable, other)
	return min(handled, max(0, f.cpu()-m.refusal*handled)/(m.event-m.refusal))
}

// judgeOverload looks at what became of events beyond the knee. The first and
// the last are at the knee.
func judgeOverload(all []load, refusing figures) []check {
	knee, last := all[0], all[len(all)-1]
	m, measured := newModel(all, refusing)
	shed, least, worst, most := 0, 0., all[1], knee
	for _, l := range all[1:] {
		shed += l.counts[overloaded]
		if l.times == timesOfLeast {
			least = max(least, l.goodput()) // one of them may have met another program
		}
		if m.share(l) < m.share(worst) {
			worst = l
		}
		if l.times > most.times {
			most = l
		}
	}
	return []check{
		{"beyond the knee it sheds", shed > 0, fmt.Sprintf("%d requests", shed)},
		{
			fmt.Sprintf("a refusal takes %.0f %% of the processor time of an event, or less", 100*refusalShare),
			measured && m.refusal <= refusalShare*m.event, fmt.Sprintf("%.1f us of %.1f us", 1e6*m.refusal, 1e6*m.event),
		},
		{
			fmt.Sprintf("it accepts %.0f %% of what it can at best of the same processor time, or more", 100*goodputShare),
			m.share(worst) >= goodputShare, fmt.Sprintf("%s of %s events, at %g x knee", whole(worst.count(accepted)), whole(m.best(worst.figures)), worst.times),
		},
		{
			fmt.Sprintf("at %d times the knee it accepts %.0f %% of what it did there, or more", timesOfLeast, 100*goodputLeast),
			least >= goodputLeast*knee.goodput(), fmt.Sprintf("%s/s of %s/s", whole(least), whole(knee.goodput())),
		},
		{
			fmt.Sprintf("when the load falls it accepts %.0f %% of what it did at the most of the same processor time, or more", 100*risesAgain),
			last.perProcessor() > 0 && last.perProcessor() >= risesAgain*most.perProcessor(),
			fmt.Sprintf("%s events a second and processor at %g x knee, then %s", whole(most.perProcessor()), most.times, whole(last.perProcessor())),
		},
	}
}

// share is how much was accepted of what could have been. Where nothing could,
// nothing is missing.
func (m model) share(l load) float64 {
	best := m.best(l.figures)
	if best <= 0 {
		return 1
	}
	return l.count(accepted) / best
}
