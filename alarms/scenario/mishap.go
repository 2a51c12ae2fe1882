package scenario

import "time"

// mishap is something that goes wrong now and then, by itself, and is nobody's
// concern.
type mishap struct {
	seed  seed
	every time.Duration // on average
}

// mishaps are those of a normal day. How often they happen is made up; that they
// happen on any day in production is not. What somebody must look at even once,
// such as a dead letter, is none of them: it has scenarios of its own.
type mishaps struct {
	task     mishap // a host goes, and its task with it
	deadlock mishap
}

func ordinaryMishaps() mishaps {
	return mishaps{task: mishap{seedOf("task"), 30 * time.Hour}, deadlock: mishap{seedOf("deadlock"), 20 * time.Hour}}
}

// consumerMishaps are those of one consumer.
type consumerMishaps struct {
	throttle mishap // one invocation finds no room
	timeout  mishap // one invocation takes all the time that it has
	retried  mishap // one message fails, and works the next time
	cold     mishap // one sandbox is replaced
}

func mishapsOf(consumer string) consumerMishaps {
	of := func(what string, every time.Duration) mishap { return mishap{seedOf(consumer + " " + what), every} }
	return consumerMishaps{
		throttle: of("throttle", 15*time.Hour), timeout: of("timeout", 40*time.Hour),
		retried: of("retried", 8*time.Hour), cold: of("cold", 2*time.Hour),
	}
}

// at reports whether it happens in a minute.
func (m mishap) at(x *minute) bool {
	_, happened := m.since(x, 1)
	return happened
}

// since is how many minutes ago it happened last, within so many minutes. Where
// traffic is a fixed number, nothing happens but what the scenario says.
func (m mishap) since(x *minute, within int) (minutes int, happened bool) {
	for minutes := range within {
		if !x.steady && m.seed.uniform(x.number-int64(minutes)) < float64(time.Minute)/float64(m.every) {
			return minutes, true
		}
	}
	return 0, false
}
