package deploy

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tracehaul/tracehaul/alarms"
)

// Alarm is an alarm that rolls deploys back, as CloudWatch has it.
type Alarm struct {
	Name    string    `json:"name"`
	Key     string    `json:"key,omitempty"`     // empty if it is none of the pipeline's
	Title   string    `json:"title,omitempty"`   // what is wrong while it is on
	State   string    `json:"state,omitempty"`   // OK, ALARM or INSUFFICIENT_DATA; empty if there is no such alarm
	Since   time.Time `json:"since,omitzero"`    // of the state
	Reason  string    `json:"reason,omitempty"`  // CloudWatch's words
	Actions []string  `json:"actions,omitempty"` // ARNs that it calls in any state
	Runbook string    `json:"runbook,omitempty"` // its address
}

const (
	stateAlarm   = string(types.StateValueAlarm)
	stateNoData  = string(types.StateValueInsufficientData)
	maxNames     = 100 // CloudWatch API reference, DescribeAlarms: AlarmNames, MaxRecords
	rollbackPage = "rollback.md"
	servicePage  = "service.md"
)

// rollbackNames are the names in CloudWatch of the alarms that roll a component
// back.
func (d *deployer) rollbackNames(component string) []string {
	var names []string
	for _, key := range d.Alarms.Rollback(component) {
		names = append(names, d.pipeline.AlarmName(key))
	}
	return names
}

// known is what the description says of an alarm.
func (d *deployer) known(name string) Alarm {
	for _, a := range d.Alarms.Alarms() {
		if a.Name == name {
			return Alarm{Name: name, Key: a.Key, Title: a.Title, Runbook: alarms.RunbookURL(d.pipeline, a.Runbook)}
		}
	}
	return Alarm{Name: name}
}

// describeAlarms returns the alarms in the order of their names. One that does
// not exist has no state.
func (d *deployer) describeAlarms(ctx context.Context, names []string) ([]Alarm, error) {
	found := map[string]Alarm{}
	for chunk := range slices.Chunk(names, maxNames) {
		pages := cloudwatch.NewDescribeAlarmsPaginator(d.cloudwatch, &cloudwatch.DescribeAlarmsInput{
			AlarmNames: chunk, MaxRecords: aws.Int32(maxNames),
			AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for i := range page.MetricAlarms {
				a := &page.MetricAlarms[i]
				found[aws.ToString(a.AlarmName)] = d.state(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp,
					a.StateReason, a.ActionsEnabled, a.AlarmActions, a.OKActions, a.InsufficientDataActions)
			}
			for i := range page.CompositeAlarms {
				a := &page.CompositeAlarms[i]
				found[aws.ToString(a.AlarmName)] = d.state(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp,
					a.StateReason, a.ActionsEnabled, a.AlarmActions, a.OKActions, a.InsufficientDataActions)
			}
		}
	}
	all := make([]Alarm, len(names))
	for i, name := range names {
		if a, ok := found[name]; ok {
			all[i] = a
		} else {
			all[i] = d.known(name)
		}
	}
	return all, nil
}

func (d *deployer) state(name *string, value types.StateValue, transitioned, updated *time.Time, reason *string, enabled *bool, actions ...[]string) Alarm {
	a := d.known(aws.ToString(name))
	a.State, a.Reason = string(value), aws.ToString(reason)
	if a.Since = aws.ToTime(transitioned).UTC(); transitioned == nil {
		a.Since = aws.ToTime(updated).UTC()
	}
	if enabled == nil || *enabled {
		a.Actions = slices.Concat(actions...)
	}
	return a
}

// history fills in when and why an alarm went on, the last time within a span of
// time. It may be off again. It reports whether it was on.
func (d *deployer) history(ctx context.Context, a *Alarm, from, to time.Time) (bool, error) {
	out, err := d.cloudwatch.DescribeAlarmHistory(ctx, &cloudwatch.DescribeAlarmHistoryInput{
		AlarmName: &a.Name, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
		HistoryItemType: types.HistoryItemTypeStateUpdate, ScanBy: types.ScanByTimestampDescending,
		StartDate: &from, EndDate: &to, MaxRecords: aws.Int32(maxNames),
	})
	if err != nil {
		return false, err
	}
	for i := range out.AlarmHistoryItems {
		item := &out.AlarmHistoryItems[i]
		var data struct {
			NewState struct {
				StateValue  string `json:"stateValue"`
				StateReason string `json:"stateReason"`
			} `json:"newState"`
		}
		if json.Unmarshal([]byte(aws.ToString(item.HistoryData)), &data) != nil || data.NewState.StateValue != stateAlarm {
			continue
		}
		a.State, a.Since, a.Reason = stateAlarm, aws.ToTime(item.Timestamp).UTC(), data.NewState.StateReason
		return true, nil
	}
	return false, nil
}

// triggered returns the named alarms with when and why they went on. Without
// names it looks which of the component's were on in that time.
func (d *deployer) triggered(ctx context.Context, component string, names []string, from, to time.Time) ([]Alarm, error) {
	ask := names
	if len(names) == 0 {
		ask = d.rollbackNames(component)
	}
	var all []Alarm
	for _, name := range ask {
		a := d.known(name)
		on, err := d.history(ctx, &a, from, to)
		if err != nil && len(names) > 0 {
			all = append(all, a) // the name is what counts
			for _, rest := range ask[len(all):] {
				all = append(all, d.known(rest))
			}
			return all, err
		}
		if err != nil {
			return nil, err
		}
		if on || len(names) > 0 {
			all = append(all, a)
		}
	}
	return all, nil
}
