package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// describeTimeout bounds the look at a composite alarm's children: pages wait
// for it.
const describeTimeout = 3 * time.Second

// maxReadings is how many children are shown.
const maxReadings = 10

// children reads the alarms that made a composite alarm change. It returns what
// each of them shows, for as many as are shown, how many more there are, and the
// log group of the first that has one.
// With an error, the readings are what the notification itself says.
func children(ctx context.Context, client *cloudwatch.Client, n Notification) (readings []reading, more int, group string, err error) {
	var names []string
	all := on(n)
	shown := all[:min(len(all), maxReadings)]
	more = len(all) - len(shown)
	for _, child := range shown {
		readings = append(readings, reading{What: child.ARN.Resource, Reason: child.State})
		names = append(names, child.ARN.Resource)
	}
	if len(names) == 0 {
		return nil, 0, "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	out, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names,
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
		MaxRecords: aws.Int32(maxChildren),
	})
	if err != nil {
		return readings, more, "", fmt.Errorf("describe %d alarms: %w", len(names), err)
	}
	described := map[string]reading{}
	for _, a := range out.MetricAlarms {
		d := ParseDescription(aws.ToString(a.AlarmDescription))
		described[aws.ToString(a.AlarmName)] = metricReading(a, d)
		group = orElse(group, d.LogGroup)
	}
	for _, a := range out.CompositeAlarms {
		d := ParseDescription(aws.ToString(a.AlarmDescription))
		name := aws.ToString(a.AlarmName)
		described[name] = reading{What: orElse(d.Title, name), Reason: aws.ToString(a.StateReason), Runbook: d.Runbook}
	}
	for i, name := range names {
		if r, ok := described[name]; ok {
			readings[i] = r
		}
	}
	return readings, more, group, nil
}

// on are the children to show: those that are on or, if none is, all of them.
func on(n Notification) []Child {
	var on []Child
	for _, child := range n.Children {
		if child.State == stateAlarm {
			on = append(on, child)
		}
	}
	if len(on) == 0 {
		on = n.Children
	}
	return on
}

func metricReading(a types.MetricAlarm, d Description) reading {
	r := reading{
		What: orElse(d.Title, aws.ToString(a.AlarmName)), Value: latestValue(aws.ToString(a.StateReason)),
		Against: orElse(d.Condition, against(string(a.ComparisonOperator), a.Threshold)), Runbook: d.Runbook,
	}
	if r.Value == "" {
		r.Value = recentDatapoint(aws.ToString(a.StateReasonData))
	}
	if r.Value == "" {
		r.Reason = aws.ToString(a.StateReason)
	}
	return r
}

// recentDatapoint returns the last of the recent datapoints in the data of a
// reason, which has them in the order of their time.
func recentDatapoint(data string) string {
	var reason struct {
		RecentDatapoints []*float64 `json:"recentDatapoints"`
	}
	_ = json.Unmarshal([]byte(data), &reason) // there may be none
	if points := reason.RecentDatapoints; len(points) > 0 && points[len(points)-1] != nil {
		return figure(*points[len(points)-1])
	}
	return ""
}
