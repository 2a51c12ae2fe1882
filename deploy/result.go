package deploy

import (
	"slices"
	"strings"
	"time"
)

// Outcome is what became of a deploy.
type Outcome string

// Outcomes: a verdict has one of them.
const (
	OutcomeServing    Outcome = "serving"     // what was requested serves, and nothing else
	OutcomeRolledBack Outcome = "rolled-back" // an alarm, the circuit breaker or a hook took it back
	OutcomeStopped    Outcome = "stopped"     // somebody did
	OutcomeFailed     Outcome = "failed"      // something else serves than was requested
	OutcomeSuperseded Outcome = "superseded"  // another deployment has taken its place
	OutcomeTimedOut   Outcome = "timed-out"   // it still goes on
)

// outcomes returns all of them.
func outcomes() []Outcome {
	return []Outcome{OutcomeServing, OutcomeRolledBack, OutcomeStopped, OutcomeFailed, OutcomeSuperseded, OutcomeTimedOut}
}

// Cause is what ended a deployment before its time.
type Cause string

// Causes.
const (
	CauseAlarm          Cause = "alarm"
	CauseCircuitBreaker Cause = "circuit-breaker" // tasks did not start, or were not healthy
	CauseHook           Cause = "hook"            // a lifecycle hook
	CausePerson         Cause = "person"
	CauseOther          Cause = "other" // see the reason
)

// Result is a verdict.
type Result struct {
	Pipeline   string     `json:"pipeline"` // its prefix
	Component  string     `json:"component"`
	Subject    string     `json:"subject"` // the name of the service or function
	Outcome    Outcome    `json:"outcome"`
	Requested  Want       `json:"requested"`
	Serving    []Revision `json:"serving"` // what gets requests
	Deployment Deployment `json:"deployment"`
	Cause      Cause      `json:"cause,omitempty"`
	Alarms     []Alarm    `json:"alarms"`    // that ended it
	Text       string     `json:"text"`      // the verdict in a sentence
	Unwatched  bool       `json:"unwatched"` // the service was deployed, and ECS looked at no alarm meanwhile
	Notes      []string   `json:"notes"`     // what else is to be known
	Runbook    string     `json:"runbook,omitempty"`
	Dashboard  string     `json:"dashboard"`
	Seconds    int        `json:"waited_seconds"`
}

// Deployment is ECS's or CodeDeploy's own account of the deployment.
type Deployment struct {
	ID       string    `json:"id,omitempty"` // ECS: an ARN
	Status   string    `json:"status,omitempty"`
	Stage    string    `json:"stage,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Began    time.Time `json:"began,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	NewerID  string    `json:"newer_id,omitempty"` // a later one
	NewerOf  string    `json:"newer_of,omitempty"` // what it deploys
	Rollback string    `json:"rollback,omitempty"` // what it was rolled back to
}

func (r *Result) note(text string) {
	if !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// end gives the verdict.
func (r *Result) end(o Outcome, text ...string) {
	r.Outcome, r.Text = o, strings.Join(text, "")
}

// serves says what serves.
func (r *Result) serves() string {
	names := make([]string, len(r.Serving))
	for i, s := range r.Serving {
		if names[i] = s.String(); s.TaskDefinition != "" && s.Tasks == 0 {
			names[i] += " (without a task that runs)"
		}
	}
	switch len(names) {
	case 0:
		return "nothing serves"
	case 1:
		return names[0] + " serves"
	}
	return strings.Join(names, " and ") + " serve"
}

// newer names the later deployment.
func (r *Result) newer() string {
	if r.Deployment.NewerOf == "" {
		return "another deployment (" + r.Deployment.NewerID + ")"
	}
	return "another deployment (" + r.Deployment.NewerID + ", of " + r.Deployment.NewerOf + ")"
}

// AlarmNames are the alarms that ended the deployment.
func (r *Result) AlarmNames() []string {
	names := make([]string, len(r.Alarms))
	for i, a := range r.Alarms {
		names[i] = a.Name
	}
	return names
}
