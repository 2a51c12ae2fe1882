//go:build unix

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// check is something that must be true.
type check struct {
	what   string
	ok     bool
	figure string // what was found
}

const (
	// longestWait is within what service.Config documents, RequestTimeout
	// after the last byte of the request, plus what this machine may be late.
	longestWait = 12 * time.Second

	// The latency at the low rate afterwards may be recoveredTimes that of
	// before and recoveredMore, what this machine makes of the same load in two
	// moments, and recoveredLate times what the generator was late by. That is 1 ms
	// when the machine does nothing else, and otherwise tells how long a program
	// waits for a processor, as the service does.
	recoveredTimes = 2
	recoveredMore  = 10 * time.Millisecond
	recoveredLate  = 2
)

// judgeAnswers looks at the answers of all requests. Without faults a request
// is accepted or shed; with them SNS may also not do its part, or not in time.
func judgeAnswers(lines []line, faults bool) []check {
	var n, strange int
	var example string
	var waited time.Duration
	for _, l := range lines {
		n += l.requests() - l.counts[unsent]
		strange += l.counts[other] + l.counts[unknown]
		if !faults {
			strange += l.counts[unavailable]
		}
		waited = max(waited, l.waited)
		if l.example != "" {
			example = ", as " + l.example
		}
	}
	may := "every answer is 202, or 503 with Retry-After"
	if faults {
		may += ", or 504 with it when SNS does not answer in time"
	}
	return []check{
		{may, strange == 0, fmt.Sprintf("%d of %d are not%s", strange, n, strings.TrimSpace(example))},
		{fmt.Sprintf("no answer takes longer than %v", longestWait), waited <= longestWait, milliseconds(waited) + " ms"},
	}
}

// judgeMemory holds the service's memory against that of its task, which
// service.Config.MaxBufferedBytes is chosen for.
func judgeMemory(lines []line, taskMiB int) check {
	var most float64
	for _, l := range lines {
		most = max(most, l.seen.most(rssMiB))
	}
	return check{fmt.Sprintf("the service stays within its task's memory, %d MiB", taskMiB), most <= float64(taskMiB), whole(most) + " MiB"}
}

// judgeRecovery compares the latency at the low rate before and after.
func judgeRecovery(before, after figures) check {
	return check{
		fmt.Sprintf("the p99 at %.0f/s is as before: %d times, %v, and %d times what requests began late, at most", before.rate, recoveredTimes, recoveredMore, recoveredLate),
		after.counts[accepted] == after.requests() && after.p99 <= recoveredTimes*before.p99+recoveredMore+recoveredLate*after.late,
		fmt.Sprintf("%s ms, then %s ms, %s ms late", milliseconds(before.p99), milliseconds(after.p99), milliseconds(after.late)),
	}
}

// judgeBooks looks for events that are lost, doubled, or where none should be.
func judgeBooks(a account) []check {
	found := func(ids []string) string {
		if len(ids) == 0 {
			return "0"
		}
		return fmt.Sprintf("%d, as %s", len(ids), strings.Join(ids[:min(3, len(ids))], " "))
	}
	return []check{
		{"every accepted event is a row or a dead-letter message", len(a.lost) == 0 && a.accepted > 0, found(a.lost) + " lost of " + whole(float64(a.accepted))},
		{"none is there twice", len(a.doubled) == 0, found(a.doubled)},
		{"none is there that was refused or not sent", len(a.unasked) == 0, found(a.unasked)},
	}
}

// report prints the checks and says whether all hold.
func report(w io.Writer, checks []check) (ok bool) {
	ok = true
	for _, c := range checks {
		verdict := "ok    "
		if !c.ok {
			verdict, ok = "FAILED", false
		}
		_, _ = fmt.Fprintf(w, "%s  %s: %s\n", verdict, c.what, c.figure)
	}
	return ok
}
