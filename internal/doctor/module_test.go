package doctor_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// filled replaces Terraform's variables by what AWS chose.
func (a *account) filled(text string) string {
	p := a.set.Pipeline
	groups := p.TargetGroupNames()
	return strings.NewReplacer(
		"${var.load_balancer}", "app/"+p.LoadBalancerName()+"/50dc6c495c0c9188",
		"${var.target_group_a}", "targetgroup/"+groups[0]+"/1", "${var.target_group_b}", "targetgroup/"+groups[1]+"/2",
		"${var.certificate}", "arn:aws:acm:eu-central-1:111122223333:certificate/1",
	).Replace(text)
}

var (
	reference = regexp.MustCompile(`\$\{aws_cloudwatch_\w+_alarm\.(\w+)\.alarm_name\}`)
	topicRef  = regexp.MustCompile(`var\.alarm_topics\.(\w+)`)
)

// alarmsOf makes the alarms and metric filters of the module that Terraform
// applies.
func (a *account) alarmsOf(t *testing.T, terraform []byte) {
	t.Helper()
	var module struct {
		Resource struct {
			Filters    map[string]object `json:"aws_cloudwatch_log_metric_filter"`
			Metrics    map[string]object `json:"aws_cloudwatch_metric_alarm"`
			Composites map[string]object `json:"aws_cloudwatch_composite_alarm"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(terraform, &module); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, alarms := range []map[string]object{module.Resource.Metrics, module.Resource.Composites} {
		for key, alarm := range alarms {
			names[key], _ = alarm["alarm_name"].(string)
		}
	}
	text := func(v any) string {
		s, _ := v.(string)
		s = a.filled(reference.ReplaceAllStringFunc(s, func(r string) string { return names[reference.FindStringSubmatch(r)[1]] }))
		return strings.NewReplacer("$${", "${", "%%{", "%{").Replace(s)
	}
	for _, from := range module.Resource.Metrics {
		a.metricAlarms = append(a.metricAlarms, a.metricAlarm(from, text))
	}
	for _, from := range module.Resource.Composites {
		to := a.common(from, text)
		to["AlarmRule"] = text(from["alarm_rule"])
		if s, ok := from["actions_suppressor"].(list); ok {
			by, _ := s[0].(object)
			to["ActionsSuppressor"], to["ActionsSuppressorWaitPeriod"], to["ActionsSuppressorExtensionPeriod"] = text(by["alarm"]), whole(by["wait_period"]), whole(by["extension_period"])
		}
		a.composites = append(a.composites, to)
	}
	for _, from := range module.Resource.Filters {
		made, _ := from["metric_transformation"].(list)
		m, _ := made[0].(object)
		group := text(from["log_group_name"])
		a.filters[group] = append(a.filters[group], object{
			"filterName": text(from["name"]), "filterPattern": text(from["pattern"]),
			"metricTransformations": list{object{"metricNamespace": text(m["namespace"]), "metricName": text(m["name"]), "metricValue": text(m["value"])}},
		})
	}
}

func whole(v any) int {
	x, _ := v.(float64)
	return int(x)
}

func (a *account) common(from object, text func(any) string) object {
	to := object{"AlarmName": text(from["alarm_name"]), "AlarmDescription": text(from["alarm_description"]), "ActionsEnabled": true, "StateValue": "OK", "StateReason": "fine"}
	for name, key := range map[string]string{"AlarmActions": "alarm_actions", "OKActions": "ok_actions"} {
		topics := list{}
		refs, _ := from[key].(string)
		for _, m := range topicRef.FindAllStringSubmatch(refs, -1) {
			topics = append(topics, arnOf("sns", a.set.Pipeline.Name("alarms-"+m[1])))
		}
		to[name] = topics
	}
	return to
}

func (a *account) metricAlarm(from object, text func(any) string) object {
	to := a.common(from, text)
	to["ComparisonOperator"], to["TreatMissingData"] = text(from["comparison_operator"]), text(from["treat_missing_data"])
	to["EvaluationPeriods"], to["DatapointsToAlarm"] = whole(from["evaluation_periods"]), whole(from["datapoints_to_alarm"])
	if id := text(from["threshold_metric_id"]); id != "" {
		to["ThresholdMetricId"] = id
	} else {
		to["Threshold"] = from["threshold"]
	}
	if low := text(from["evaluate_low_sample_count_percentiles"]); low != "" {
		to["EvaluateLowSampleCountPercentile"] = low
	}
	if from["metric_name"] != nil {
		to["Namespace"], to["MetricName"], to["Dimensions"], to["Period"] = text(from["namespace"]), text(from["metric_name"]), dimensions(from["dimensions"], text), whole(from["period"])
		for name, key := range map[string]string{"Statistic": "statistic", "ExtendedStatistic": "extended_statistic"} {
			if s := text(from[key]); s != "" {
				to[name] = s
			}
		}
		return to
	}
	var queries list
	all, _ := from["metric_query"].(list)
	for _, q := range all {
		q, _ := q.(object)
		query := object{"Id": text(q["id"]), "ReturnData": q["return_data"]}
		if e := text(q["expression"]); e != "" {
			query["Expression"] = e
		}
		if stats, ok := q["metric"].(list); ok {
			m, _ := stats[0].(object)
			query["MetricStat"] = object{
				"Metric": object{"Namespace": text(m["namespace"]), "MetricName": text(m["metric_name"]), "Dimensions": dimensions(m["dimensions"], text)},
				"Stat":   text(m["stat"]), "Period": whole(m["period"]),
			}
		}
		queries = append(queries, query)
	}
	to["Metrics"] = queries
	return to
}

func dimensions(v any, text func(any) string) list {
	all := list{}
	m, _ := v.(object)
	for name, value := range m {
		all = append(all, object{"Name": name, "Value": text(value)})
	}
	return all
}
