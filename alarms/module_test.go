package alarms_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// A module, as far as it says what CloudWatch does.
type module struct {
	Resource struct {
		Filters    map[string]moduleFilter    `json:"aws_cloudwatch_log_metric_filter"`
		Metrics    map[string]moduleMetric    `json:"aws_cloudwatch_metric_alarm"`
		Composites map[string]moduleComposite `json:"aws_cloudwatch_composite_alarm"`
	} `json:"resource"`
	Output struct {
		Names    struct{ Value []string }            `json:"alarm_names"`
		Rollback struct{ Value map[string][]string } `json:"rollback_alarm_names"`
	} `json:"output"`
}

type moduleAlarm struct {
	Name         string `json:"alarm_name"`
	Description  string `json:"alarm_description"`
	AlarmActions string `json:"alarm_actions"`
	OKActions    string `json:"ok_actions"`
	Tags         map[string]string
	Lifecycle    any
}

type moduleMetric struct {
	moduleAlarm
	Comparison  string   `json:"comparison_operator"`
	Threshold   *float64 `json:"threshold"`
	ThresholdID string   `json:"threshold_metric_id"`
	Periods     int      `json:"evaluation_periods"`
	Datapoints  int      `json:"datapoints_to_alarm"`
	Missing     string   `json:"treat_missing_data"`
	Few         string   `json:"evaluate_low_sample_count_percentiles"`
	moduleSource
	Queries []struct {
		ID, Label, Expression string
		Return                bool `json:"return_data"`
		Metric                []moduleSource
	} `json:"metric_query"`
}

type moduleSource struct {
	Namespace  string
	Name       string `json:"metric_name"`
	Dimensions map[string]string
	Statistic  string
	Extended   string `json:"extended_statistic"`
	Stat       string
	Period     int
}

type moduleComposite struct {
	moduleAlarm
	Rule       string `json:"alarm_rule"`
	Suppressor []struct {
		Alarm     string
		Wait      int `json:"wait_period"`
		Extension int `json:"extension_period"`
	} `json:"actions_suppressor"`
}

type moduleFilter struct {
	Name     string
	LogGroup string `json:"log_group_name"`
	Pattern  string
	Metric   []struct {
		Namespace, Name, Value, Unit string
		Default                      string `json:"default_value"`
	} `json:"metric_transformation"`
}

// parts lets cmp look into what the forms above are made of.
var parts = cmp.AllowUnexported(moduleMetric{}, moduleComposite{})

func readModule(t *testing.T, s *alarms.Set) module {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(s.Terraform())))
	var m module
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// label is the name of an alarm's resource.
func label(key string) string { return strings.NewReplacer("-", "_", ".", "_").Replace(key) }

// reference is how one alarm names another.
func reference(s *alarms.Set, key string) string {
	kind := "aws_cloudwatch_metric_alarm"
	if a, _ := s.Find(key); a.Composite != nil {
		kind = "aws_cloudwatch_composite_alarm"
	}
	return "${" + kind + "." + label(key) + ".alarm_name}"
}

// What is deployed is what was simulated: every alarm of every description is
// read back out of its module.
func TestTerraform_EveryAlarm_IsTheSets(t *testing.T) {
	for _, p := range every(t) {
		s := setOf(t, p)
		m := readModule(t, s)
		metrics, composites := 0, 0
		for _, a := range s.Alarms() {
			if a.Metric != nil {
				metrics++
				got, there := m.Resource.Metrics[label(a.Key)]
				if diff := cmp.Diff(wantMetric(a), got, parts); !there || diff != "" {
					t.Errorf("%s (-set +module):\n%s", a.Name, diff)
				}
				continue
			}
			composites++
			got, there := m.Resource.Composites[label(a.Key)]
			if diff := cmp.Diff(wantComposite(s, a), got, parts); !there || diff != "" {
				t.Errorf("%s (-set +module):\n%s", a.Name, diff)
			}
		}
		if metrics != len(m.Resource.Metrics) || composites != len(m.Resource.Composites) {
			t.Errorf("%s: the set has %d and %d alarms, the module %d and %d", p.Prefix(), metrics, composites, len(m.Resource.Metrics), len(m.Resource.Composites))
		}
	}
}

func wantAlarm(a alarms.Alarm) moduleAlarm {
	w := moduleAlarm{
		Name: a.Name, Description: strings.NewReplacer("${", "$${", "%{", "%%{").Replace(a.Description),
		Tags:      map[string]string{"owner": a.Owner, "severity": a.Severity, "hop": string(a.Hop)},
		Lifecycle: map[string]any{"create_before_destroy": true},
	}
	topics := map[alarms.Notify][]string{
		alarms.NotifySeverity: {a.Severity}, alarms.NotifyWatchdog: {"watchdog"}, alarms.NotifyAll: {"page", "ticket", "notice"},
	}[a.Notify]
	if len(topics) > 0 {
		w.AlarmActions = "${var.actions_enabled ? [var.alarm_topics." + strings.Join(topics, ", var.alarm_topics.") + "] : []}"
		w.OKActions = w.AlarmActions
	}
	return w
}

func wantMetric(a alarms.Alarm) moduleMetric {
	m := a.Metric
	w := moduleMetric{
		moduleAlarm: wantAlarm(a), Comparison: m.Comparison.String(), Periods: m.Periods, Datapoints: m.Datapoints,
		Missing: map[alarms.Missing]string{
			alarms.MissingNotBreaching: "notBreaching", alarms.MissingBreaching: "breaching", alarms.MissingIgnore: "ignore", alarms.MissingMissing: "missing",
		}[m.Missing],
	}
	if m.Comparison.Band() {
		w.ThresholdID = "band"
	} else {
		w.Threshold = &m.Threshold
	}
	if m.IgnoreFewSamples {
		w.Few = "ignore"
	}
	if m.Expression == "" && !m.Comparison.Band() {
		w.moduleSource = wantSource(m.Inputs[0].Signal, m.Period)
		if slices.Contains([]string{"Sum", "Average", "Minimum", "Maximum", "SampleCount"}, m.Inputs[0].Signal.Statistic) {
			w.Statistic = m.Inputs[0].Signal.Statistic
		} else {
			w.Extended = m.Inputs[0].Signal.Statistic
		}
		return w
	}
	type query = struct {
		ID, Label, Expression string
		Return                bool `json:"return_data"`
		Metric                []moduleSource
	}
	compared := m.Inputs[0].ID
	for _, in := range m.Inputs {
		source := wantSource(in.Signal, m.Period)
		source.Stat = in.Signal.Statistic
		w.Queries = append(w.Queries, query{ID: in.ID, Label: in.Signal.Title, Return: m.Expression == "", Metric: []moduleSource{source}})
	}
	if m.Expression != "" {
		compared = "result"
		w.Queries = append(w.Queries, query{ID: compared, Label: a.Title, Expression: m.Expression, Return: true})
	}
	if m.Comparison.Band() {
		w.Queries = append(w.Queries, query{ID: "band", Label: "What is normal", Expression: fmt.Sprintf("ANOMALY_DETECTION_BAND(%s, %v)", compared, m.BandWidth), Return: true})
	}
	return w
}

func wantSource(s signal.Signal, period time.Duration) moduleSource {
	w := moduleSource{Namespace: s.Metric.Namespace, Name: s.Metric.Name, Period: int(period / time.Second)}
	for _, d := range s.Metric.Dimensions {
		if w.Dimensions == nil {
			w.Dimensions = map[string]string{}
		}
		w.Dimensions[d.Name] = d.Value
		if d.Input != "" {
			w.Dimensions[d.Name] = "${var." + string(d.Input) + "}"
		}
	}
	return w
}

func wantComposite(s *alarms.Set, a alarms.Alarm) moduleComposite {
	c := a.Composite
	w := moduleComposite{moduleAlarm: wantAlarm(a), Rule: c.Rule.String()}
	for _, key := range c.Rule.Keys() {
		w.Rule = strings.ReplaceAll(w.Rule, `"`+key+`"`, `"`+reference(s, key)+`"`)
	}
	if c.Suppressor != "" {
		w.Suppressor = append(w.Suppressor, struct {
			Alarm     string
			Wait      int `json:"wait_period"`
			Extension int `json:"extension_period"`
		}{reference(s, c.Suppressor), int(c.Wait / time.Second), int(c.Extension / time.Second)})
	}
	return w
}

func TestTerraform_EveryFilter_IsItsSignals(t *testing.T) {
	for _, p := range every(t) {
		s := setOf(t, p)
		filters := readModule(t, s).Resource.Filters
		for _, x := range s.Filters() {
			got := filters[label(x.ID)]
			text := fmt.Sprintf("%s %s %s %+v", got.Name, got.LogGroup, got.Pattern, got.Metric)
			want := fmt.Sprintf("%s %s %s [{Namespace:%s Name:%s Value:%s Unit:Count Default:0}]",
				x.Filter.Name, x.Filter.LogGroup, x.Filter.Pattern, x.Metric.Namespace, x.Metric.Name, x.Filter.Value)
			if text != want {
				t.Errorf("%s: the module has\n%s, want\n%s", x.ID, text, want)
			}
		}
		if len(filters) != len(s.Filters()) {
			t.Errorf("%s: %d filters, want %d", p.Prefix(), len(filters), len(s.Filters()))
		}
	}
}

// Deploys are watched by the alarms that the outputs name.
func TestTerraform_Outputs_NameEveryAlarm(t *testing.T) {
	for _, p := range every(t) {
		s := setOf(t, p)
		out := readModule(t, s).Output
		var all []string
		for _, a := range s.Alarms() {
			all = append(all, reference(s, a.Key))
		}
		if diff := cmp.Diff(all, out.Names.Value); diff != "" {
			t.Errorf("%s: alarm_names (-want +got):\n%s", p.Prefix(), diff)
		}
		want := map[string][]string{p.Service.Name: nil}
		for _, key := range []string{"rollback-5xx-a", "rollback-latency-a", "rollback-5xx-b", "rollback-latency-b", "rollback-elb-5xx"} {
			want[p.Service.Name] = append(want[p.Service.Name], reference(s, key))
		}
		for i := range p.Consumers {
			name := p.Consumers[i].Name
			want[name] = []string{reference(s, "rollback-"+name+"-errors"), reference(s, "rollback-"+name+"-items")}
		}
		if diff := cmp.Diff(want, out.Rollback.Value); diff != "" {
			t.Errorf("%s: rollback_alarm_names (-want +got):\n%s", p.Prefix(), diff)
		}
	}
}
