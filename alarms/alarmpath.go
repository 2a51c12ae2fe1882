package alarms

import (
	"strings"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// KeyHeartbeat is the key of the alarm that goes off every hour, on purpose.
const KeyHeartbeat = "heartbeat"

// alarmPath adds what tells that alarms no longer reach people. The heartbeat
// goes the way of every other alarm, through all topics to the notifier, which
// counts it; that it is missing is heard of through the watchdog's topic, which
// has nothing of ours behind it.
func (b *builder) alarmPath() {
	a := b.signals.AlarmPath
	logs := b.snippets.NotifierErrors()
	b.add(Alarm{
		Key: KeyHeartbeat, Title: "Heartbeat", Hop: signal.HopAlarmPath, Severity: pipeline.SeverityNotice, Notify: NotifyAll, Runbook: "heartbeat.md", Logs: logs,
		Meaning: "This alarm goes off for the first five minutes of every hour, on purpose. The notifier counts it and tells nobody.",
		Metric: &Metric{
			// Functions of time give a value for every period, whether the metric has data or not.
			Inputs:     []Input{{"tasks", b.signals.Service.RunningTasks}},
			Expression: "IF(MINUTE(tasks) < 5, 1, 0)", Threshold: 0, Unit: signal.UnitCount, Missing: MissingNotBreaching,
		},
	})
	// A little more than two hours: one heartbeat that is lost on its way is no
	// reason to wake anybody.
	missing := &Metric{Comparison: Below, Threshold: 1, Unit: signal.UnitCount, Period: minutes(130), Missing: MissingBreaching}
	filled := make([]string, len(a.Heartbeats))
	for i, h := range a.Heartbeats {
		missing.Inputs = append(missing.Inputs, Input{h.Severity, h.Received})
		filled[i] = "FILL(" + h.Severity + ", 0)"
	}
	missing.Expression = "MIN([" + strings.Join(filled, ", ") + "])"
	b.watchdog(Alarm{
		Key: "heartbeat-missing", Title: "Alarms do not reach people", Severity: pipeline.SeverityPage, Runbook: "heartbeat-missing.md", Logs: logs,
		Meaning: "For more than two hours the notifier has not got the hourly heartbeat through every alarm topic. Alarms may be on that nobody is told of. After the first deploy it is on until the first heartbeat.",
		Metric:  missing,
	})
	b.watchdog(Alarm{
		Key: "notifier-undelivered", Title: "An alarm reached nobody", Severity: pipeline.SeverityPage, Runbook: "notifier-undelivered.md", Logs: logs,
		Meaning: "The notifier gave up on a message about an alarm. The message waits in the notifier's dead-letter queue.",
		Metric:  &Metric{Inputs: of(a.Undelivered), Threshold: 0, Periods: 3, Datapoints: 1},
	})
	b.watchdog(Alarm{
		Key: "notifier-errors", Title: "The notifier fails", Severity: pipeline.SeverityTicket, Runbook: "notifier-errors.md", Logs: logs,
		Meaning: "The notifier fails again and again. What it could not send is tried again, then put into its dead-letter queue.",
		Metric: &Metric{
			// It runs for alarms alone. Without the filling, CloudWatch would
			// go back to older periods after the last one.
			Inputs:     []Input{{"errors", a.Errors}},
			Expression: "FILL(errors, 0)", Threshold: 0, Unit: signal.UnitCount, Period: minutes(5), Periods: 3,
		},
	})
}

func (b *builder) watchdog(a Alarm) {
	a.Hop, a.Notify = signal.HopAlarmPath, NotifyWatchdog
	b.add(a)
}
