package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const applyObservability = "run tracehaul generate and apply iac/terraform/observability"

var alarmChecks = []Check{
	{
		ID: "alarms", Hop: signal.HopAlarmPath, needs: []string{needCloudWatch}, Page: "docs/alarms.md",
		What: "every alarm that the description makes is there",
		look: lookAlarms,
	},
	{
		ID: "alarm-conditions", Hop: signal.HopAlarmPath, needs: []string{needCloudWatch}, Page: "docs/alarms.md",
		What: "each alarm watches what the description says, by the same threshold: one that was changed by hand is quiet, or loud, for no reason that anybody can read",
		look: lookConditions,
	},
	{
		ID: "alarm-actions", Hop: signal.HopAlarmPath, needs: []string{needCloudWatch}, Page: "docs/alarms.md",
		What: "alarms that somebody is to hear of have their topics as actions, and are enabled",
		look: lookActions,
	},
	{
		ID: "alarms-on", Hop: signal.HopAlarmPath, needs: []string{needCloudWatch}, Page: "docs/runbooks/README.md",
		What: "no alarm is on",
		look: lookAlarmsOn,
	},
	{
		ID: "alarm-subscribers", Hop: signal.HopAlarmPath, needs: []string{needSNS}, Page: "docs/notifier.md",
		What: "somebody who has confirmed it is subscribed to each topic of alarms: an alarm without a subscriber rings nowhere",
		look: lookSubscribers,
	},
}

// deployed is what CloudWatch has of the description's alarms, by name.
type deployed struct {
	metrics    map[string]*cwtypes.MetricAlarm
	composites map[string]*cwtypes.CompositeAlarm
}

const alarmPage = 100 // CloudWatch API reference, DescribeAlarms: AlarmNames, MaxRecords

func (e *exam) deployedAlarms(ctx context.Context) (deployed, error) {
	return remember(e, "alarms", func() (deployed, error) {
		d := deployed{map[string]*cwtypes.MetricAlarm{}, map[string]*cwtypes.CompositeAlarm{}}
		var names []string
		for _, a := range e.Alarms.Alarms() {
			names = append(names, a.Name)
		}
		for chunk := range slices.Chunk(names, alarmPage) {
			pages := cloudwatch.NewDescribeAlarmsPaginator(e.Clients.CloudWatch, &cloudwatch.DescribeAlarmsInput{
				AlarmNames: chunk, MaxRecords: aws.Int32(alarmPage),
				AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm},
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return d, err
				}
				for i := range page.MetricAlarms {
					d.metrics[aws.ToString(page.MetricAlarms[i].AlarmName)] = &page.MetricAlarms[i]
				}
				for i := range page.CompositeAlarms {
					d.composites[aws.ToString(page.CompositeAlarms[i].AlarmName)] = &page.CompositeAlarms[i]
				}
			}
		}
		return d, nil
	})
}

// has reports whether an alarm is there, of its kind.
func (d deployed) has(a *alarms.Alarm) bool {
	return a.Metric != nil && d.metrics[a.Name] != nil || a.Composite != nil && d.composites[a.Name] != nil
}

// state is what both kinds have.
type state struct {
	enabled            bool
	actions, okActions []string
	value              cwtypes.StateValue
	reason             string
}

func (d deployed) state(a *alarms.Alarm) state {
	if m := d.metrics[a.Name]; a.Metric != nil && m != nil {
		return state{m.ActionsEnabled == nil || *m.ActionsEnabled, m.AlarmActions, m.OKActions, m.StateValue, aws.ToString(m.StateReason)}
	}
	c := d.composites[a.Name]
	return state{c.ActionsEnabled == nil || *c.ActionsEnabled, c.AlarmActions, c.OKActions, c.StateValue, aws.ToString(c.StateReason)}
}

func lookAlarms(ctx context.Context, e *exam) ([]Finding, error) {
	d, err := e.deployedAlarms(ctx)
	if err != nil {
		return nil, err
	}
	var missing []string
	all := e.Alarms.Alarms()
	for i := range all {
		if !d.has(&all[i]) {
			missing = append(missing, all[i].Name)
		}
	}
	if len(missing) > 0 {
		return []Finding{{
			Verdict: Fault, Subject: e.pipeline.Prefix(), Found: fmt.Sprintf("%d of %d alarms are not there: %s", len(missing), len(all), few(missing)), Want: "all",
			Mend: applyObservability,
		}}, nil
	}
	return []Finding{good(e.pipeline.Prefix(), fmt.Sprintf("%d alarms are there", len(all)))}, nil
}

// few names a few of many.
func few(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

// lookActions compares the topics. All without actions at once is what
// actions_enabled = false of the module makes.
func lookActions(ctx context.Context, e *exam) (findings []Finding, err error) {
	d, err := e.deployedAlarms(ctx)
	if err != nil {
		return nil, err
	}
	var mute, disabled, wrong []string
	told := 0
	all := e.Alarms.Alarms()
	for i := range all {
		a := &all[i]
		if !d.has(a) || len(a.Topics()) == 0 {
			continue
		}
		told++
		s := d.state(a)
		switch want := topicNames(e.pipeline, a); {
		case !s.enabled:
			disabled = append(disabled, a.Name)
		case len(s.actions) == 0:
			mute = append(mute, a.Name)
		case !sameTopics(s.actions, want) || !sameTopics(s.okActions, want):
			wrong = append(wrong, a.Name)
		}
	}
	for _, group := range []struct {
		names []string
		what  string
		want  string
		mend  string
	}{
		{disabled, "have their actions disabled", "ActionsEnabled", "aws cloudwatch enable-alarm-actions --alarm-names ..."},
		{mute, "have no action", "the topic of their severity", "apply iac/terraform/observability with actions_enabled = true"},
		{wrong, "have other actions than those of their severity", "the topic of their severity, for ALARM and OK", applyObservability},
	} {
		if len(group.names) > 0 {
			findings = append(findings, Finding{
				Verdict: Fault, Subject: e.pipeline.Prefix(), Found: fmt.Sprintf("%d of %d alarms %s: %s", len(group.names), told, group.what, few(group.names)), Want: group.want, Mend: group.mend,
			})
		}
	}
	if len(findings) == 0 {
		findings = append(findings, good(e.pipeline.Prefix(), fmt.Sprintf("%d alarms tell their topics", told)))
	}
	return findings, nil
}

// topicNames are the topics that hear of an alarm.
func topicNames(p *pipeline.Pipeline, a *alarms.Alarm) []string {
	var names []string
	for _, topic := range a.Topics() {
		if topic == alarms.TopicWatchdog {
			names = append(names, p.WatchdogTopicName())
		} else {
			names = append(names, p.AlarmTopicName(topic))
		}
	}
	return names
}

func sameTopics(actions, want []string) bool {
	var has []string
	for _, a := range actions {
		has = append(has, nameOf(a))
	}
	return slices.Equal(slices.Sorted(slices.Values(has)), slices.Sorted(slices.Values(want)))
}

func lookAlarmsOn(ctx context.Context, e *exam) (findings []Finding, err error) {
	d, err := e.deployedAlarms(ctx)
	if err != nil {
		return nil, err
	}
	all := e.Alarms.Alarms()
	for i := range all {
		a := &all[i]
		if !d.has(a) || a.Notify == alarms.NotifyAll { // a heartbeat is on and off by itself
			continue
		}
		if s := d.state(a); s.value == cwtypes.StateValueAlarm {
			findings = append(findings, Finding{
				Verdict: Warning, Subject: a.Name, Found: a.Title + ": " + s.reason, Want: "OK", Why: a.Meaning, Mend: "see the runbook", Page: "docs/runbooks/" + a.Runbook,
			})
		}
	}
	if len(findings) == 0 {
		findings = append(findings, good(e.pipeline.Prefix(), "no alarm is on"))
	}
	return findings, nil
}

// lookSubscribers looks who hears of alarms: the notifier of three topics, people
// of the watchdog's.
func lookSubscribers(ctx context.Context, e *exam) (findings []Finding, err error) {
	p := e.pipeline
	for _, severity := range pipeline.Severities() {
		f, err := e.subscribers(ctx, p.AlarmTopicName(severity), "the notifier "+p.NotifierName(), func(s *subscription) bool {
			return s.protocol == "lambda" && nameOf(s.endpoint) == p.NotifierName()
		})
		if err != nil {
			return findings, err
		}
		findings = append(findings, f...)
	}
	f, err := e.subscribers(ctx, p.WatchdogTopicName(), "an address of routing.watchdog_emails", func(*subscription) bool { return true })
	return append(findings, f...), err
}

func (e *exam) subscribers(ctx context.Context, topic, want string, is func(*subscription) bool) (findings []Finding, err error) {
	arn, err := e.topic(ctx, topic)
	if err != nil {
		return nil, err
	}
	all, err := e.subscriptions(ctx, arn)
	if err != nil {
		return nil, err
	}
	confirmed := 0
	for i := range all {
		s := &all[i]
		switch {
		case s.arn == pending:
			findings = append(findings, Finding{
				Verdict: Warning, Subject: topic, Found: s.endpoint + " has not confirmed its subscription", Want: "a confirmed one", Mend: "have the link in the mail followed; SNS sends it again with the next apply",
			})
		case strings.HasPrefix(s.arn, "arn:") && is(s):
			confirmed++
		}
	}
	if confirmed == 0 {
		return append(findings, Finding{Verdict: Fault, Subject: topic, Found: "nobody hears of it", Want: want + ", confirmed", Mend: applyObservability}), nil
	}
	return append(findings, good(topic, "confirmed subscribers: "+strconv.Itoa(confirmed))), nil
}
