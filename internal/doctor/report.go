package doctor

import (
	"cmp"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Verdict is what a finding comes to.
type Verdict string

// Verdicts, from good to bad.
const (
	OK      Verdict = "ok"
	Unknown Verdict = "unknown" // could not look
	Warning Verdict = "warning" // works, and is not as it should be
	Fault   Verdict = "fault"   // events, traces or alarms get lost, or would
)

// Finding is what was found of one thing.
type Finding struct {
	Check   string     `json:"check"`             // its id
	Hop     signal.Hop `json:"hop"`               // the part of the way that it is about
	Verdict Verdict    `json:"verdict"`           //
	Subject string     `json:"subject,omitempty"` // the name of the queue, function, alarm ...
	Found   string     `json:"found"`             // what is there
	Want    string     `json:"want,omitempty"`    // what would be right
	Why     string     `json:"why,omitempty"`     // what it does, or which reasons are usual
	Mend    string     `json:"mend,omitempty"`    // what to do
	Page    string     `json:"page,omitempty"`    // the address of a page of docs that helps
	Action  string     `json:"action,omitempty"`  // of IAM, where a call failed
}

// Step is a part of the event's way, and how long it took.
type Step struct {
	Hop  signal.Hop    `json:"hop"`
	Name string        `json:"name"`
	Took time.Duration `json:"-"`
	MS   float64       `json:"ms"`
}

// Event is the one that was sent.
type Event struct {
	Source  string `json:"source"`
	ID      string `json:"id"`
	Type    string `json:"type"`
	TraceID string `json:"trace_id"`
	Steps   []Step `json:"steps"`
	Left    string `json:"left,omitempty"`   // what is still there of it
	Remove  string `json:"remove,omitempty"` // how to remove that
}

// LeftOut are checks that were not made.
type LeftOut struct {
	Checks []string `json:"checks"`
	Why    string   `json:"why"`
}

// Report is what was found.
type Report struct {
	Pipeline    string    `json:"pipeline"` // its prefix
	Environment string    `json:"environment"`
	Local       bool      `json:"local"`
	Region      string    `json:"region"` // of AWS
	Address     string    `json:"address"`
	Time        time.Time `json:"time"`
	Event       *Event    `json:"event"` // null if none was sent
	Findings    []Finding `json:"findings"`
	LeftOut     []LeftOut `json:"left_out"`
	OK          int       `json:"ok"`
	Unknown     int       `json:"unknown"`
	Warnings    int       `json:"warnings"`
	Faults      int       `json:"faults"`
}

// TraceCommand shows the event that was sent: in the environment that was examined,
// unless that is the pipeline on this machine.
func (r *Report) TraceCommand() string {
	if r.Local {
		return "tracehaul trace " + r.Event.TraceID
	}
	return "tracehaul trace -e " + r.Environment + " " + r.Event.TraceID
}

// finish puts the findings in order, by hop and by what is worst, and counts
// them.
func (r *Report) finish() {
	hops, order := signal.Hops(), []Verdict{Fault, Warning, Unknown, OK}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(hops, a.Hop), slices.Index(hops, b.Hop)),
			cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict)),
		)
	})
	for i := range r.Findings {
		switch r.Findings[i].Verdict {
		case OK:
			r.OK++
		case Unknown:
			r.Unknown++
		case Warning:
			r.Warnings++
		case Fault:
			r.Faults++
		}
	}
}

// Worst is the gravest verdict of all findings.
func (r *Report) Worst() Verdict {
	switch {
	case r.Faults > 0:
		return Fault
	case r.Warnings > 0:
		return Warning
	case r.Unknown > 0:
		return Unknown
	}
	return OK
}
