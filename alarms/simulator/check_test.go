package simulator_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func TestNew_Wrong_IsReportedAtOnce(t *testing.T) {
	requests := metric("Requests")
	two := []alarms.Input{{ID: "m1", Signal: requests}, {ID: "m2", Signal: requests}}
	composite := func(key string, c alarms.Composite) alarms.Alarm { return alarms.Alarm{Key: key, Composite: &c} }
	_, err := simulator.New(simulator.Config{
		Delay:  -time.Second,
		States: map[string]alarms.State{"nobody": alarms.StateOK, "ok": 7},
		Alarms: []alarms.Alarm{
			on("ok", alarms.Metric{}, requests),
			on("", alarms.Metric{}, requests),
			on("ok", alarms.Metric{}, requests),
			{Key: "neither"},
			on("statistic", alarms.Metric{}, requests.With("IQM")),
			on("nothing", alarms.Metric{}, signal.Signal{Statistic: "Sum"}),
			on("syntax", alarms.Metric{Expression: "m1 +"}, requests),
			on("ids", alarms.Metric{Expression: "m2 * 2"}, requests),
			{Key: "no-inputs", Metric: &alarms.Metric{Expression: "m1"}},
			{Key: "twice", Metric: &alarms.Metric{Inputs: append(two, two[0]), Expression: "m1+m2"}},
			{Key: "no-expression", Metric: &alarms.Metric{Inputs: two}},
			on("seconds", alarms.Metric{Period: 30 * time.Second}, requests),
			on("days", alarms.Metric{Period: 5 * time.Minute, Periods: 289}, requests),
			on("weeks", alarms.Metric{Period: 8 * 24 * time.Hour}, requests),
			on("most", alarms.Metric{Periods: 3, Datapoints: 4}, requests),
			on("negative", alarms.Metric{Periods: -3}, requests),
			on("comparison", alarms.Metric{Comparison: 99}, requests),
			on("threshold", alarms.Metric{Threshold: math.NaN()}, requests),
			on("missing", alarms.Metric{Missing: 99}, requests),
			on("few", alarms.Metric{IgnoreFewSamples: true}, requests),
			on("band", alarms.Metric{Comparison: alarms.AboveBand}, requests),
			{Key: "wide-band", Metric: &alarms.Metric{Inputs: two, Expression: "m1/m2", Comparison: alarms.AboveBand, BandWidth: 2}},
			composite("unknown", alarms.Composite{Rule: alarms.Any("ok", "gone"), Suppressor: "lost"}),
			composite("before", alarms.Composite{Rule: alarms.InAlarm("behind")}),
			composite("behind", alarms.Composite{Rule: alarms.InAlarm("ok")}),
			composite("circle-a", alarms.Composite{Rule: alarms.Not(alarms.InAlarm("circle-b"))}),
			composite("circle-b", alarms.Composite{Rule: alarms.InAlarm("ok"), Suppressor: "circle-c"}),
			composite("circle-c", alarms.Composite{Rule: alarms.InAlarm("circle-a")}),
			composite("self", alarms.Composite{Rule: alarms.InAlarm("self")}),
			composite("times", alarms.Composite{Rule: alarms.InAlarm("ok"), Wait: -1}),
			composite("empty", alarms.Composite{Rule: alarms.Rule{Op: alarms.OpNot}}),
			composite("any", alarms.Composite{Rule: alarms.Any()}),
			composite("op", alarms.Composite{Rule: alarms.Rule{Op: 99}}),
			composite("state", alarms.Composite{Rule: alarms.Rule{Key: "ok", State: 99}}),
			composite("deep", alarms.Composite{Rule: deep(200)}),
		},
	})
	if err == nil {
		t.Fatal("nothing was found")
	}
	want := []string{
		`alarms that cannot be simulated:`,
		`alarm "without a key": the key is missing`,
		`alarm "ok": there is another one with this key`,
		`alarm "neither": it needs a Metric or a Composite, and not both`,
		`alarm "statistic": input "m1": the statistic is "IQM", want Sum, SampleCount, Average, Minimum, Maximum, a percentile from p0 to p100 such as p99.9, or a percentile rank such as PR(:0.3)`,
		`alarm "nothing": input "m1" has no metric`,
		`alarm "syntax": expression "m1 +": column 5: the end is not expected here: want a number, an id, a function, "(" or "["`,
		`alarm "ids": expression "m2 * 2" names "m2", which is none of the inputs`,
		`alarm "ids": expression "m2 * 2" does not use the input "m1"`,
		`alarm "no-inputs": it has 0 inputs, CloudWatch takes 1 to 10`,
		`alarm "no-inputs": expression "m1" names "m1", which is none of the inputs`,
		`alarm "twice": input "m1" is there twice`,
		`alarm "no-expression": the expression is missing: it says what is made of 2 inputs`,
		`alarm "seconds": the period is 30s, a history by the minute takes minutes`,
		`alarm "days": 289 periods of 5m0s, CloudWatch takes 24h0m0s together with such a period`,
		`alarm "weeks": 1 periods of 192h0m0s, CloudWatch takes 168h0m0s together with such a period`,
		`alarm "most": 4 datapoints of 3 periods: want at least 1, of as many periods or more`,
		`alarm "negative": 1 datapoints of -3 periods: want at least 1, of as many periods or more`,
		`alarm "comparison": the comparison 99 is unknown`,
		`alarm "threshold": the threshold is NaN, want a finite number`,
		`alarm "missing": Missing is unknown`,
		`alarm "few": IgnoreFewSamples is for one percentile without an expression`,
		`alarm "band": the width of the band is 0, want a number above 0`,
		`alarm "wide-band": a band over 2 inputs is not simulated: want one`,
		`alarm "unknown": it refers to "gone", which is none of the alarms`,
		`alarm "unknown": it refers to "lost", which is none of the alarms`,
		`alarm "before": it refers to "behind", which stands behind it`,
		`alarm "circle-a": it is part of a cycle: circle-a, circle-b, circle-c, circle-a`,
		`alarm "circle-b": it is part of a cycle: circle-b, circle-c, circle-a, circle-b`,
		`alarm "self": it is part of a cycle: self, self`,
		`alarm "times": Wait is -1ns and Extension 0s, must not be negative`,
		`alarm "empty": a part of the rule joins 0 rules, want 1`,
		`alarm "any": a part of the rule joins 0 rules, want 1`,
		`alarm "op": the rule has a part of the unknown form 99`,
		`alarm "state": the rule wants "ok" in the state 99, which is none`,
		`alarm "deep": the rule nests deeper than 100 levels`,
		`Config.States names "nobody", which is none of the alarms`,
		`Config.States has 7 for "ok", which is no state`,
		`Config.Delay is -1s, want 0 to 168h0m0s`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func deep(levels int) alarms.Rule {
	r := alarms.InAlarm("ok")
	for range levels {
		r = alarms.Not(r)
	}
	return r
}

func TestNew_TooManyInputs(t *testing.T) {
	var inputs []alarms.Input
	var ids []string
	for id := range strings.FieldsSeq("a b c d e f g h i j k") {
		ids = append(ids, id)
		inputs = append(inputs, alarms.Input{ID: id, Signal: metric(id)})
		m := &alarms.Metric{Inputs: inputs, Expression: strings.Join(ids, "+")}
		_, err := simulator.New(simulator.Config{Alarms: []alarms.Alarm{{Key: "a", Metric: m}}})
		if (err != nil) != (len(inputs) > 10) {
			t.Errorf("%d inputs: %v", len(inputs), err)
		}
	}
}
