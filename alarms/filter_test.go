package alarms_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// A team's alarm brings the metric filter of its own signal along.
func TestFor_OwnSignalOfLogLines_HasItsFilter(t *testing.T) {
	p := load(t, "prod")
	own := ownAlarm(p)
	s := &own.Metric.Inputs[0].Signal
	s.Metric = signal.Metric{Namespace: "Tracehaul/refunds", Name: "Waiting"}
	s.Filter = &signal.LogFilter{Name: "Waiting", LogGroup: "/ecs/refunds", Pattern: `{ $.msg = "waiting" && $.n = * }`, Value: "$.n"}
	twice := ownAlarm(p)
	twice.Key, twice.Metric.Inputs[0].Signal = "refunds-stuck-for-long", *s
	set, kit := setOf(t, p, own, twice), setOf(t, p)
	if got, want := len(set.Filters()), len(kit.Filters())+1; got != want {
		t.Errorf("%d filters, want %d", got, want)
	}
	if got := set.Cost().Filters - kit.Cost().Filters; got < 0.29 || got > 0.31 {
		t.Errorf("the filter costs %.2f, want 0.30", got)
	}
	if out := string(set.Terraform()); strings.Count(out, `"refunds_waiting": {`) != 1 || !strings.Contains(out, `"/ecs/refunds"`) {
		t.Error("the filter is not in the module, or twice")
	}
}

// counted is an alarm on a metric of log lines.
func counted(p *pipeline.Pipeline, key, id, metric string, f signal.LogFilter) alarms.Alarm {
	a := ownAlarm(p)
	s := &a.Metric.Inputs[0].Signal
	a.Key, s.ID, s.Metric, s.Filter = key, id, signal.Metric{Namespace: "Tracehaul/refunds", Name: metric}, &f
	return a
}

func waitingFilter() signal.LogFilter {
	return signal.LogFilter{Name: "Waiting", LogGroup: "/ecs/refunds", Pattern: `{ $.msg = "waiting" }`, Value: "1"}
}

// What PutMetricFilter would refuse, or would make a metric of that no alarm
// looks at.
func TestFor_BadFilter_SaysWhatIsWrong(t *testing.T) {
	p := load(t, "prod")
	for want, change := range map[string]func(*signal.Signal){
		"a metric of log lines has no dimensions: make them part of the namespace": func(s *signal.Signal) {
			s.Metric.Dimensions = []signal.Dimension{{Name: "Shop", Value: "berlin"}}
		},
		`no : * $ in its namespace and name, which are "a:b" and "Waiting"`: func(s *signal.Signal) { s.Metric.Namespace = "a:b" },
		`which are "Tracehaul/refunds" and "$x"`:                            func(s *signal.Signal) { s.Metric.Name = "$x" },
		`the name of the filter is "", want 1 to 512`:                       func(s *signal.Signal) { s.Filter.Name = "" },
		`the name of the filter is "a:b*", want 1 to 512`:                   func(s *signal.Signal) { s.Filter.Name = "a:b*" },
		`the log group of the filter is "", want`:                           func(s *signal.Signal) { s.Filter.LogGroup = "" },
		`the log group of the filter is "/a b", want 1 to 512`:              func(s *signal.Signal) { s.Filter.LogGroup = "/a b" },
		"the value of the filter has 102 characters, CloudWatch takes 100":  func(s *signal.Signal) { s.Filter.Value = "$." + strings.Repeat("a", 100) },
		`the filter: value "": want a number, or a key such as $.items`:     func(s *signal.Signal) { s.Filter.Value = "" },
		`the filter: pattern "{{{" at 1: want a key`:                        func(s *signal.Signal) { s.Filter.Pattern = "{{{" },
		`the unit is "Bogus"`:                                               func(s *signal.Signal) { s.Unit = "Bogus" },
	} {
		a := counted(p, "refunds-stuck", "refunds.waiting", "Waiting", waitingFilter())
		change(&a.Metric.Inputs[0].Signal)
		if _, err := alarms.For(p, a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// Nothing that a team counts vanishes, or is written twice.
func TestFor_SecondFilter_IsThereOrRefused(t *testing.T) {
	p := load(t, "prod")
	elsewhere, other := waitingFilter(), waitingFilter()
	elsewhere.LogGroup, other.Pattern = "/ecs/intake", `{ $.msg = "held" }`
	kits, _ := setOf(t, p).Signals.Find("ledger.messages")
	first := counted(p, "first", "refunds.first", "Waiting", waitingFilter())
	for name, test := range map[string]struct {
		second alarms.Alarm
		want   string
	}{
		"the same":            {counted(p, "second", "refunds.first", "Waiting", waitingFilter()), ""},
		"another metric":      {counted(p, "second", "refunds.second", "Second", elsewhere), ""},
		"the same metric":     {counted(p, "second", "refunds.second", "Waiting", elsewhere), `the metric Tracehaul/refunds/Waiting is made by the filter "Waiting" of the log group /ecs/refunds, too: want a metric for each filter`},
		"the same name":       {counted(p, "second", "refunds.second", "Second", waitingFilter()), `the log group /ecs/refunds has another filter "Waiting", that of the signal "refunds.first"`},
		"the same, otherwise": {counted(p, "second", "refunds.second", "Waiting", other), `the log group /ecs/refunds has another filter "Waiting"`},
		"the same ID":         {counted(p, "second", "refunds-first", "Second", elsewhere), `the signal's ID "refunds-first" is taken by "refunds.first"`},
		"the kit's":           {counted(p, "second", "refunds.second", "Second", *kits.Filter), `has another filter "Messages", that of the signal "ledger.messages"`},
	} {
		set, err := alarms.For(p, first, test.second)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		module := readModule(t, set)
		for _, a := range []alarms.Alarm{first, test.second} {
			s := a.Metric.Inputs[0].Signal
			if got := module.Resource.Filters[label(s.ID)]; got.LogGroup != s.Filter.LogGroup || got.Name != s.Filter.Name {
				t.Errorf("%s: the module has %+v for %s", name, got, s.ID)
			}
		}
	}
}

// CloudWatch has no days: it would refuse the filter.
func TestTerraform_UnitThatCloudWatchLacks_IsNone(t *testing.T) {
	p := load(t, "prod")
	for unit, want := range map[signal.Unit]string{signal.UnitDays: "None", signal.UnitCapacity: "None", "": "None", signal.UnitSeconds: "Seconds", "Kilobytes": "Kilobytes"} {
		a := counted(p, "first", "refunds.first", "Waiting", waitingFilter())
		a.Metric.Unit, a.Metric.Inputs[0].Signal.Unit = signal.UnitCount, unit
		if got := readModule(t, setOf(t, p, a)).Resource.Filters["refunds_first"].Metric[0].Unit; got != want {
			t.Errorf("%q is written as %q, want %q", unit, got, want)
		}
	}
}

// All units of CloudWatch are taken.
func TestFor_CloudWatchsUnits_AreTaken(t *testing.T) {
	p := load(t, "prod")
	for _, unit := range types.StandardUnit("").Values() {
		a := ownAlarm(p)
		a.Metric.Inputs[0].Signal.Unit = signal.Unit(unit)
		if _, err := alarms.For(p, a); err != nil {
			t.Errorf("%s: %v", unit, err)
		}
	}
}

func TestFor_NoPipeline_SaysSo(t *testing.T) {
	if _, err := alarms.For(nil); err == nil || !strings.Contains(err.Error(), "the pipeline is nil: want one that pipeline.Load has returned") {
		t.Errorf("got %v", err)
	}
}
