//go:build unix

package main

// mostRepeats is how often a scenario may repeat what depends on time, and may
// thus be missed where the machine is busy with other things: all in all, however
// many parts it has.
const mostRepeats = 2

// mayRepeat tells whether what was missed may be done again. Each time is counted,
// and shown with the scenario: who sees many of them on an idle machine has a
// fault that comes and goes.
func (w *world) mayRepeat(missed error) bool {
	if w.repeats == mostRepeats {
		return false
	}
	w.repeats++
	w.say("repeats what it has missed: " + missed.Error())
	return true
}
