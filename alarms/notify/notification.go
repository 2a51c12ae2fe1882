package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// States of an alarm, as CloudWatch writes them.
const (
	stateAlarm   = "ALARM"
	stateOK      = "OK"
	stateUnknown = "INSUFFICIENT_DATA"
)

// maxMessageBytes is the most that SNS delivers to a function.
const maxMessageBytes = 256 << 10

// maxChildren is how many children of a composite alarm are looked at:
// CloudWatch lets a rule name 100.
const maxChildren = 100

// Notification is what CloudWatch publishes when an alarm changes its state.
// (CloudWatch user guide, "Schema of Amazon SNS notifications when alarms
// change state".)
type Notification struct {
	Name        string
	ARN         ARN
	Description Description
	Old, New    string // OK, ALARM or INSUFFICIENT_DATA
	Reason      string
	Changed     time.Time // zero if the message does not say it

	// Trigger is what a metric alarm watches.
	Trigger Trigger

	// Composite is true for an alarm that joins others. Children are those
	// that made it change.
	Composite bool
	Children  []Child
}

// ARN is the name of an alarm in the world.
type ARN struct {
	Text                                 string
	Partition, Region, Account, Resource string
}

// Trigger is what a metric alarm watches.
type Trigger struct {
	MetricName, Namespace string
	Comparison            string // CloudWatch's name of it
	Threshold             *float64
}

// Child is an alarm that made a composite alarm change.
type Child struct {
	ARN   ARN
	State string
}

// notificationJSON is the message. Types that differ between kinds of alarms
// are read one by one.
type notificationJSON struct {
	AlarmName          string
	AlarmDescription   string
	AlarmArn           string
	NewStateValue      string
	OldStateValue      string
	NewStateReason     string
	StateChangeTime    string
	AlarmRule          json.RawMessage
	TriggeringChildren []json.RawMessage
	Trigger            json.RawMessage
}

// ParseNotification reads a message of an alarm topic. It wants a name, an ARN
// and a state, and takes the rest as it comes: a field of another type is
// missing, no more. The error quotes nothing of the message.
func ParseNotification(message string) (Notification, error) {
	var n Notification
	if len(message) > maxMessageBytes {
		return n, fmt.Errorf("the message has %d bytes: want at most %d", len(message), maxMessageBytes)
	}
	var m notificationJSON
	if err := json.Unmarshal([]byte(message), &m); err != nil && !isMismatch(err) {
		return n, errors.New("the message is not the JSON of a CloudWatch alarm")
	}
	var errs []error
	arn, ok := parseARN(m.AlarmArn)
	if !ok {
		errs = append(errs, errors.New("AlarmArn: want arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME"))
	}
	if m.AlarmName == "" {
		errs = append(errs, errors.New("AlarmName: want the name of the alarm"))
	}
	if !isState(m.NewStateValue) {
		errs = append(errs, errors.New("NewStateValue: want ALARM, OK or INSUFFICIENT_DATA"))
	}
	if len(errs) > 0 {
		return n, fmt.Errorf("the message is not that of a CloudWatch alarm: %w", errors.Join(errs...))
	}
	n = Notification{
		Name: m.AlarmName, ARN: arn, Description: ParseDescription(m.AlarmDescription),
		Old: m.OldStateValue, New: m.NewStateValue, Reason: m.NewStateReason, Changed: parseTime(m.StateChangeTime),
		Composite: isGiven(m.AlarmRule), Trigger: parseTrigger(m.Trigger),
	}
	for _, raw := range m.TriggeringChildren[:min(len(m.TriggeringChildren), maxChildren)] {
		if child, ok := parseChild(raw); ok {
			n.Children = append(n.Children, child)
		}
	}
	return n, nil
}

// isMismatch reports whether a field had another type. All others have been
// read then.
func isMismatch(err error) bool {
	var mismatch *json.UnmarshalTypeError
	return errors.As(err, &mismatch)
}

func isGiven(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
}

func isState(s string) bool { return s == stateAlarm || s == stateOK || s == stateUnknown }

// parseTrigger takes what it can: a message without it is still an alarm.
func parseTrigger(raw json.RawMessage) Trigger {
	var t struct {
		MetricName, Namespace, ComparisonOperator string
		Threshold                                 *float64
		ThresholdMetricID                         string `json:"ThresholdMetricId"`
		Metrics                                   []struct {
			Label, Expression string
			ReturnData        bool
		}
	}
	_ = json.Unmarshal(raw, &t) // what was read up to a mismatch is kept
	out := Trigger{MetricName: t.MetricName, Namespace: t.Namespace, Comparison: t.ComparisonOperator, Threshold: t.Threshold}
	if t.ThresholdMetricID != "" {
		out.Threshold = nil // a band, which is no single value
	}
	for _, m := range t.Metrics {
		if m.ReturnData && out.MetricName == "" {
			out.MetricName = m.Label
		}
	}
	return out
}

// parseChild reads {"Arn": ..., "State": {"Value": ...}}, or the ARN alone,
// which the user guide has.
func parseChild(raw json.RawMessage) (Child, bool) {
	var c struct {
		Arn   string
		State struct{ Value string }
	}
	if json.Unmarshal(raw, &c) != nil {
		_ = json.Unmarshal(raw, &c.Arn) // an empty ARN is none
	}
	arn, ok := parseARN(c.Arn)
	return Child{ARN: arn, State: c.State.Value}, ok
}

func parseARN(text string) (ARN, bool) {
	parts := strings.SplitN(text, ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "cloudwatch" || parts[5] != "alarm" ||
		!isWord(parts[1]) || !isWord(parts[3]) || !isWord(parts[4]) || parts[6] == "" || len(text) > 1600 {
		return ARN{}, false
	}
	return ARN{Text: text, Partition: parts[1], Region: parts[3], Account: parts[4], Resource: parts[6]}, true
}

// isWord keeps what becomes part of a host name to what may stand there.
func isWord(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// parseTime reads CloudWatch's times, which have no colon in the offset. What is
// none is the zero time.
func parseTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 2000 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}
