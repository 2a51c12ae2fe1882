package alarms

import (
	"time"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Alarm is one alarm in CloudWatch. It has a [Metric] or a [Composite].
type Alarm struct {
	// Key names the alarm within its pipeline: lower-case words with hyphens.
	// CloudWatch's name is made from it by pipeline.AlarmName. Required.
	Key string

	// Title says what is wrong while the alarm is on, such as "Messages wait
	// too long". It is the headline of a message. Required.
	Title string

	// Meaning says what is known when the alarm goes off and what it does to
	// the users of the pipeline, in a sentence or two. Required.
	Meaning string

	// Hop is the part of the way that the alarm is about. Required.
	Hop signal.Hop

	// Severity is page, ticket or notice: one of pipeline's. Required.
	Severity string

	// Owner is the team that answers for it. Defaults to the owner of the
	// pipeline.
	Owner string

	// Runbook is the name of its file in docs/runbooks, such as
	// "queue-age.md". Required.
	Runbook string

	// Board is the dashboard to open, one of pipeline.Boards. Defaults to the
	// board of its hop.
	Board string

	// Logs is the query of Logs Insights that opens the case: it goes into the
	// message. Defaults to none.
	Logs snippet.Snippet

	// Next are the queries and commands that come after it, in the runbook and
	// in the page of queries. Defaults to none.
	Next []snippet.Snippet

	// Notify says who hears of it. Defaults to [NotifySeverity].
	Notify Notify

	// Rollback is the component whose deploys the alarm rolls back: the name of
	// the service, or of a consumer. Defaults to none.
	Rollback string

	// Metric is what the alarm watches. Nil for one that joins others.
	Metric *Metric

	// Composite joins other alarms. Nil for one that watches a metric.
	Composite *Composite

	// Name is the name in CloudWatch. [For] fills it in.
	Name string

	// Description is the text that CloudWatch sends along: the meaning and, a
	// line each, condition, severity, owner, links, query and, where there is
	// room for it, the first command of Next. [For] fills it in.
	Description string
}

// Notify says who hears of an alarm.
type Notify int

// Ways of an alarm.
const (
	// NotifySeverity sends it to the topic of its severity.
	NotifySeverity Notify = iota
	// NotifyNobody leaves it to those that look at it: a composite that it is a
	// part of, or a deploy.
	NotifyNobody
	// NotifyWatchdog sends it to the topic that people hear of without the
	// notifier, as that one may be what is broken.
	NotifyWatchdog
	// NotifyAll sends it to the topics of all severities: a heartbeat.
	NotifyAll
)

// Metric is what an alarm watches: one signal, or metric math over several.
type Metric struct {
	// Inputs are the signals, 10 at most. Required.
	Inputs []Input

	// Expression is metric math over the ids of the inputs. Defaults to the
	// only input itself.
	Expression string

	// Comparison is how a value is compared with the threshold. Defaults to
	// [Above].
	Comparison Comparison

	// Threshold is the value that is compared with. It is written here and
	// nowhere else: panels draw their lines from it. Of no meaning where the
	// comparison is with a band.
	Threshold float64

	// Unit is what the values, and the threshold, are in. Defaults to the unit
	// of the only input.
	Unit signal.Unit

	// BandWidth is the width of the band of what is normal, in standard
	// deviations, for comparisons with a band. CloudWatch learns the band from
	// two weeks of the metric. Needed there, and there only.
	BandWidth float64

	// Period is the length of what makes one datapoint: 10 s, 20 s, 30 s or any
	// number of minutes. Defaults to a minute.
	Period time.Duration

	// Periods is how many of the latest datapoints are looked at (N).
	// Defaults to 1.
	Periods int

	// Datapoints is how many of those must breach (M). Defaults to all.
	Datapoints int

	// Missing says how a datapoint that is not there is taken. Defaults to what
	// the inputs' gaps mean: [MissingBreaching] if one of them is always
	// reported as long as things are well, else [MissingNotBreaching].
	Missing Missing

	// IgnoreFewSamples keeps the state while there are too few samples for the
	// percentile that is watched. Only for a percentile without an expression.
	// Defaults to false.
	IgnoreFewSamples bool
}

// Input is a signal in metric math.
type Input struct {
	ID     string // a lower-case letter, then letters, digits and underscores
	Signal signal.Signal
}

// Comparison compares a datapoint with the threshold, or with the band.
type Comparison int

// Comparisons.
const (
	Above   Comparison = iota // breaching if greater than the threshold
	AtLeast                   // greater than the threshold, or equal
	Below
	AtMost
	OutsideBand
	AboveBand
	BelowBand
)

// Band reports whether the comparison is with a band of what is normal.
func (c Comparison) Band() bool { return c >= OutsideBand }

// String returns CloudWatch's name of the comparison.
func (c Comparison) String() string {
	switch c {
	case Above:
		return "GreaterThanThreshold"
	case AtLeast:
		return "GreaterThanOrEqualToThreshold"
	case Below:
		return "LessThanThreshold"
	case AtMost:
		return "LessThanOrEqualToThreshold"
	case OutsideBand:
		return "LessThanLowerOrGreaterThanUpperThreshold"
	case AboveBand:
		return "GreaterThanUpperThreshold"
	case BelowBand:
		return "LessThanLowerThreshold"
	}
	return ""
}

// Missing says how a datapoint that is not there is taken.
type Missing int

// Treatments of missing data.
const (
	MissingDefault      Missing = iota // what the inputs' gaps mean
	MissingNotBreaching                // as good
	MissingBreaching                   // as bad
	MissingIgnore                      // the state stays as it is
	MissingMissing                     // the state becomes INSUFFICIENT_DATA once there is none
)

// String returns CloudWatch's name of the treatment.
func (m Missing) String() string {
	switch m {
	case MissingDefault:
		return "default"
	case MissingNotBreaching:
		return "notBreaching"
	case MissingBreaching:
		return "breaching"
	case MissingIgnore:
		return "ignore"
	case MissingMissing:
		return "missing"
	}
	return ""
}

// Composite joins other alarms.
type Composite struct {
	// Rule says when the alarm is on. It names alarms by their keys. Required.
	Rule Rule

	// Suppressor is the key of an alarm that explains this one: while it is
	// on, nobody is told of this one. Defaults to none.
	Suppressor string

	// Wait is how long to wait, when this alarm goes on, for the suppressor to
	// go on as well. Defaults to 2 minutes where there is a suppressor.
	Wait time.Duration

	// Extension is how long nobody is told after the suppressor has gone off.
	// Defaults to 3 minutes where there is a suppressor.
	Extension time.Duration
}

// Topics are the topics that hear of the alarm: severities, or "watchdog".
func (a *Alarm) Topics() []string {
	switch a.Notify {
	case NotifyNobody:
		return nil
	case NotifyWatchdog:
		return []string{TopicWatchdog}
	case NotifyAll:
		return pipeline.Severities()
	case NotifySeverity:
	}
	return []string{a.Severity}
}

// TopicWatchdog stands for the watchdog's topic among those of the severities.
const TopicWatchdog = "watchdog"
