// Package simulator feeds histories of metrics through CloudWatch's alarm
// evaluation, so that alarms are tested before they are deployed.
//
// Start from [New]. It takes alarms, such as a set's, and returns a [Simulator]
// or one error that names everything that cannot be simulated. [Simulator.Run]
// takes a [History], what metrics got minute by minute, and returns a [Result]:
// the changes of state with CloudWatch's reasons, and the notices that people
// would have had.
//
// The rules are those that the CloudWatch user guide documents; the code names
// the page beside each. An alarm is evaluated every minute, over the periods
// that end then, or every hour if it is over more than a day. All alarms begin
// in INSUFFICIENT_DATA unless [Config] says otherwise, and there is no data from
// before the history: let a history begin a little earlier than what it is
// about. As in CloudWatch, the first change, usually into OK, gives a notice.
//
// What AWS does not publish is a choice, made in one place each:
//
//   - the evaluation range has two datapoints more than the evaluation periods
//     ([ExtraPeriods]);
//   - breaching datapoints that are too few and too young for ALARM leave the
//     state as it is (judge);
//   - an alarm over more than a day is evaluated three minutes after the hour
//     (multiDayLag);
//   - a percentile is the smallest sample that enough others do not exceed;
//   - after the extension of a suppressor, actions are taken if the state is
//     another one than the last that somebody was told of (suppression);
//   - the band of normal values is a model of our own ([LearnBand]).
//
// Periods below a minute, trimmed means and the like, and bands over several
// metrics are refused by [New]. An alarms.Alarm has no windows by the wall clock
// and no warm-up periods.
//
// Of this module it imports alarms, alarms/internal, alarms/metricmath,
// internal/figure and pipeline/signal.
package simulator
