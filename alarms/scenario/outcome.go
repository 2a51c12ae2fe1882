package scenario

import (
	"encoding/json"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
)

// Outcome is what came of a scenario.
type Outcome struct {
	File        string    `json:"file"`
	Line        int       `json:"line"`
	Title       string    `json:"title"`
	Environment string    `json:"environment"`
	Failures    []Failure `json:"failures,omitempty"`

	// Incidents are the times that an alarm was on, in the order in which they
	// began.
	Incidents []Incident `json:"incidents,omitempty"`

	// Messages are what people were sent, in order.
	Messages []Message `json:"messages,omitempty"`

	scenario *Scenario
	nearest  map[string]float64 // how near alarms came to going off, in percent, on a normal day
}

// OK reports whether all was as expected.
func (o *Outcome) OK() bool { return len(o.Failures) == 0 }

// Failure is something that was not as expected.
type Failure struct {
	Line     int      `json:"line"` // of the expectation, or of the scenario
	Message  string   `json:"message"`
	Timeline []string `json:"timeline,omitempty"` // what the alarm did instead

	people bool // it is about who was told
}

// Incident is a time that an alarm was on. All times count from the beginning
// of the scenario.
type Incident struct {
	Alarm     string  `json:"alarm"`
	On        Minutes `json:"on"`
	Off       Minutes `json:"off,omitzero"`     // zero if it is still on at the end
	Detection Minutes `json:"detection"`        // since the onset of the trouble; zero if it was on before that
	Expected  bool    `json:"expected"`         // whether the scenario says so
	Recovered bool    `json:"recovered"`        // whether it was OK afterwards
	Reason    string  `json:"reason,omitempty"` // as CloudWatch words it

	onPurpose bool // a heartbeat
}

// Message is what somebody was sent.
type Message struct {
	At          Minutes      `json:"at"`
	Destination string       `json:"destination"`
	Alarm       string       `json:"alarm"`
	State       alarms.State `json:"-"`
	StateName   string       `json:"state"`
}

// Minutes is a time that is written as the language does, such as 1h30m.
type Minutes time.Duration

func (m Minutes) String() string {
	if m < 0 {
		return "-" + short(time.Duration(-m))
	}
	return short(time.Duration(m))
}

// MarshalJSON writes it as a text.
func (m Minutes) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }
