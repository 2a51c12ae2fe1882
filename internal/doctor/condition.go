package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Ids of what is made of an alarm's inputs: those of alarms.Set.Terraform.
const (
	idResult = "result"
	idBand   = "band"
)

// shape is all that decides when an alarm is on, as texts by name. Two alarms
// with the same are the same.
type shape map[string]string

func lookConditions(ctx context.Context, e *exam) (findings []Finding, err error) {
	d, err := e.deployedAlarms(ctx)
	if err != nil {
		return nil, err
	}
	inputs := e.inputs(ctx)
	same := 0
	all := e.Alarms.Alarms()
	for i := range all {
		a := &all[i]
		if !d.has(a) {
			continue
		}
		differences := differ(e.wanted(a, inputs), d.shape(a))
		if len(differences) == 0 {
			same++
			continue
		}
		findings = append(findings, Finding{
			Verdict: Fault, Subject: a.Name, Found: "it differs: " + few(differences), Want: "what the description makes: " + a.Condition(), Mend: applyObservability, Page: "docs/runbooks/" + a.Runbook,
		})
	}
	if same > 0 {
		findings = append(findings, good(e.pipeline.Prefix(), fmt.Sprintf("%d alarms are as described", same)))
	}
	return findings, nil
}

// anything stands for a value that AWS chose and that nobody could ask for.
const anything = "\x00"

// differ says what is otherwise than wanted, in a fixed order.
func differ(want, has shape) (differences []string) {
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	for name := range has {
		if _, ok := want[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if want[name] != has[name] && want[name] != anything {
			differences = append(differences, fmt.Sprintf("%s is %s, not %s", name, clip(orNothing(has[name])), clip(orNothing(want[name]))))
		}
	}
	return differences
}

func clip(s string) string {
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

// inputs are what AWS chose, as far as it can be asked.
func (e *exam) inputs(ctx context.Context) map[signal.Input]string {
	found := map[signal.Input]string{}
	if !e.has(needELB) {
		return found
	}
	if b, err := e.balancer(ctx); err == nil && b != nil {
		found[signal.InputLoadBalancer] = suffix(aws.ToString(b.LoadBalancerArn))
	}
	groups, err := e.targetGroups(ctx)
	names := e.pipeline.TargetGroupNames()
	for i := range groups {
		switch name := aws.ToString(groups[i].TargetGroupName); {
		case err != nil:
		case name == names[0]:
			found[signal.InputTargetGroupA] = suffix(aws.ToString(groups[i].TargetGroupArn))
		case name == names[1]:
			found[signal.InputTargetGroupB] = suffix(aws.ToString(groups[i].TargetGroupArn))
		}
	}
	return found
}

// wanted is the shape that the description makes.
func (e *exam) wanted(a *alarms.Alarm, inputs map[signal.Input]string) shape {
	s := shape{"description": a.Description}
	if c := a.Composite; c != nil {
		s["rule"] = c.Rule.Text(e.pipeline.AlarmName)
		if c.Suppressor != "" {
			s["suppressor"] = e.pipeline.AlarmName(c.Suppressor)
			s["wait period"], s["extension period"] = strconv.Itoa(int(c.Wait.Seconds())), strconv.Itoa(int(c.Extension.Seconds()))
		}
		return s
	}
	m := a.Metric
	s["comparison"] = m.Comparison.String()
	s["evaluation periods"], s["datapoints to alarm"] = strconv.Itoa(m.Periods), strconv.Itoa(m.Datapoints)
	s["missing data"] = m.Missing.String()
	if m.IgnoreFewSamples {
		s["low samples"] = "ignore"
	}
	if m.Comparison.Band() {
		s["threshold metric"] = idBand
	} else {
		s["threshold"] = float(m.Threshold)
	}
	if m.Expression == "" && !m.Comparison.Band() {
		s.metric("", m.Inputs[0].Signal, m, inputs)
		return s
	}
	compared := m.Inputs[0].ID
	for _, in := range m.Inputs {
		s.metric(in.ID+" ", in.Signal, m, inputs)
		s[in.ID+" returns"] = strconv.FormatBool(m.Expression == "")
	}
	if m.Expression != "" {
		compared = idResult
		s[compared+" expression"], s[compared+" returns"] = m.Expression, "true"
	}
	if m.Comparison.Band() {
		s[idBand+" expression"], s[idBand+" returns"] = fmt.Sprintf("ANOMALY_DETECTION_BAND(%s, %s)", compared, float(m.BandWidth)), "true"
	}
	return s
}

func (s shape) metric(at string, of signal.Signal, m *alarms.Metric, inputs map[signal.Input]string) {
	s[at+"metric"] = of.Metric.Namespace + " " + of.Metric.Name
	s[at+"statistic"] = of.Statistic
	s[at+"period"] = strconv.Itoa(int(m.Period.Seconds()))
	for _, d := range of.Metric.Dimensions {
		value := d.Value
		if d.Input != "" {
			if value = inputs[d.Input]; value == "" {
				value = anything
			}
		}
		s[at+"dimension "+d.Name] = value
	}
}

func float(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// shape is that of an alarm in CloudWatch.
func (d deployed) shape(a *alarms.Alarm) shape {
	if c := d.composites[a.Name]; a.Composite != nil {
		s := shape{"description": aws.ToString(c.AlarmDescription), "rule": strings.TrimSpace(aws.ToString(c.AlarmRule))}
		if by := aws.ToString(c.ActionsSuppressor); by != "" {
			s["suppressor"] = nameOf(by) // a name, or an ARN
			s["wait period"], s["extension period"] = strconv.Itoa(int(aws.ToInt32(c.ActionsSuppressorWaitPeriod))), strconv.Itoa(int(aws.ToInt32(c.ActionsSuppressorExtensionPeriod)))
		}
		return s
	}
	m := d.metrics[a.Name]
	s := shape{
		"description": aws.ToString(m.AlarmDescription), "comparison": string(m.ComparisonOperator), "missing data": aws.ToString(m.TreatMissingData),
		"evaluation periods": strconv.Itoa(int(aws.ToInt32(m.EvaluationPeriods))), "datapoints to alarm": strconv.Itoa(int(aws.ToInt32(m.EvaluationPeriods))),
	}
	if m.DatapointsToAlarm != nil {
		s["datapoints to alarm"] = strconv.Itoa(int(*m.DatapointsToAlarm))
	}
	if v := aws.ToString(m.EvaluateLowSampleCountPercentile); v != "" && v != "evaluate" { // which is the default
		s["low samples"] = v
	}
	if id := aws.ToString(m.ThresholdMetricId); id != "" {
		s["threshold metric"] = id
	} else {
		s["threshold"] = float(aws.ToFloat64(m.Threshold))
	}
	if m.MetricName != nil {
		statistic := string(m.Statistic)
		if m.ExtendedStatistic != nil {
			statistic = *m.ExtendedStatistic
		}
		s.deployed("", m.Namespace, m.MetricName, m.Dimensions, statistic, m.Period)
	}
	for i := range m.Metrics {
		s.query(&m.Metrics[i])
	}
	return s
}

func (s shape) query(q *cwtypes.MetricDataQuery) {
	id := aws.ToString(q.Id)
	s[id+" returns"] = strconv.FormatBool(q.ReturnData == nil || *q.ReturnData)
	if q.Expression != nil {
		s[id+" expression"] = *q.Expression
	}
	if m := q.MetricStat; m != nil && m.Metric != nil {
		s.deployed(id+" ", m.Metric.Namespace, m.Metric.MetricName, m.Metric.Dimensions, aws.ToString(m.Stat), m.Period)
	}
}

func (s shape) deployed(at string, namespace, name *string, dimensions []cwtypes.Dimension, statistic string, period *int32) {
	s[at+"metric"] = aws.ToString(namespace) + " " + aws.ToString(name)
	s[at+"statistic"] = statistic
	s[at+"period"] = strconv.Itoa(int(aws.ToInt32(period)))
	for _, d := range dimensions {
		s[at+"dimension "+aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
}
