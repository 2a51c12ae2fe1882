package alarms_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// ownAlarm is one that a team adds.
func ownAlarm(p *pipeline.Pipeline) alarms.Alarm {
	return alarms.Alarm{
		Key: "refunds-stuck", Title: "Refunds are stuck", Hop: signal.HopConsumer, Severity: pipeline.SeverityTicket, Runbook: "refunds-stuck.md",
		Meaning: "More than ten refunds wait for their payment.",
		Metric: &alarms.Metric{
			Inputs: []alarms.Input{{ID: "waiting", Signal: signal.Signal{
				ID: "refunds.waiting", Hop: signal.HopConsumer, Title: "Refunds that wait", Meaning: "Good is under ten.",
				Metric:    signal.Metric{Namespace: "Shop", Name: "RefundsWaiting", Dimensions: []signal.Dimension{{Name: "Environment", Value: p.Environment}}},
				Statistic: "Maximum", Unit: signal.UnitCount, Absent: signal.AbsentFault,
			}}},
			Threshold: 10, Period: 5 * time.Minute, Periods: 3,
		},
	}
}

func TestFor_OwnAlarm_IsCompleted(t *testing.T) {
	p := load(t, "prod")
	own := ownAlarm(p)
	a, ok := setOf(t, p, own).Find("refunds-stuck")
	if !ok {
		t.Fatal("not there")
	}
	if a.Name != "prod-orders-refunds-stuck" || a.Owner != "team-orders" || a.Board != pipeline.BoardConsumers ||
		a.Metric.Datapoints != 3 || a.Metric.Missing != alarms.MissingBreaching || a.Metric.Unit != signal.UnitCount {
		t.Errorf("completed to %+v, %+v", a, a.Metric)
	}
	if own.Metric.Datapoints != 0 {
		t.Error("the caller's alarm was changed")
	}
}

func TestFor_EveryMissing_IsTaken(t *testing.T) {
	p := load(t, "prod")
	for _, missing := range []alarms.Missing{alarms.MissingNotBreaching, alarms.MissingBreaching, alarms.MissingIgnore, alarms.MissingMissing} {
		own := ownAlarm(p)
		own.Metric.Missing = missing
		if a, ok := setOf(t, p, own).Find("refunds-stuck"); !ok || a.Metric.Missing != missing {
			t.Errorf("%v: it is there: %t, as %v", missing, ok, a.Metric)
		}
	}
}

// What is wrong with an alarm is refused, with what would be right.
func TestFor_BadAlarm_SaysWhatIsWrong(t *testing.T) {
	p := load(t, "prod")
	metric := func(changes ...func(m *alarms.Metric)) func(a *alarms.Alarm) {
		return func(a *alarms.Alarm) {
			for _, change := range changes {
				change(a.Metric)
			}
		}
	}
	input := func(change func(*signal.Signal)) func(*alarms.Metric) {
		return func(m *alarms.Metric) { change(&m.Inputs[0].Signal) }
	}
	dimensions := func(d ...signal.Dimension) func(*signal.Signal) {
		return func(s *signal.Signal) { s.Metric.Dimensions = d }
	}
	composite := func(c alarms.Composite) func(a *alarms.Alarm) {
		return func(a *alarms.Alarm) { a.Metric, a.Composite = nil, &c }
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = "x" + strings.Repeat("y", i)
	}
	second := ownAlarm(p).Metric.Inputs[0]
	second.ID = "more"
	for name, test := range map[string]struct {
		change func(a *alarms.Alarm)
		want   string
	}{
		"key":                {func(a *alarms.Alarm) { a.Key = "Refunds stuck" }, "the key must be lower-case words with hyphens"},
		"duplicate":          {func(a *alarms.Alarm) { a.Key = "service-cpu" }, `alarm "service-cpu": there is another one with this key`},
		"name too long":      {func(a *alarms.Alarm) { a.Key = strings.Repeat("a", 250) }, "has 262 characters, CloudWatch takes 255"},
		"name just too long": {func(a *alarms.Alarm) { a.Key = strings.Repeat("a", 256-len("prod-orders-")) }, "has 256 characters"},
		"no title":           {func(a *alarms.Alarm) { a.Title = "" }, "Title must be a text in one line"},
		"lines":              {func(a *alarms.Alarm) { a.Meaning = "a\nb" }, "Meaning must be a text in one line"},
		"no query": {func(a *alarms.Alarm) {
			a.Logs = snippet.Snippet{Language: snippet.LogsInsights, Group: "g", Text: "filtr a = 1"}
		}, `the query "filtr a = 1" is not right: "filtr": want one of the commands`},
		"a query of nothing": {func(a *alarms.Alarm) { a.Next = []snippet.Snippet{{Language: snippet.LogsInsights, Text: "limit 1"}} }, "has no log group"},
		"no language":        {func(a *alarms.Alarm) { a.Next = []snippet.Snippet{{Ask: "Why?", Text: "ls"}} }, `the language of "ls" is ""`},
		"a question alone":   {func(a *alarms.Alarm) { a.Next = []snippet.Snippet{{Ask: "Why?", Language: snippet.Shell}} }, `the snippet "Why?" has no text`},
		"lines in a query":   {func(a *alarms.Alarm) { a.Logs.Text = "a\nb" }, "Logs must be in one line"},
		"description":        {func(a *alarms.Alarm) { a.Meaning = strings.Repeat("long ", 200) }, "CloudWatch takes 1024: shorten Meaning or Logs"},
		"no runbook":         {func(a *alarms.Alarm) { a.Runbook = "" }, `Runbook is "": an alarm needs a runbook, a file of docs/runbooks such as queue-age.md`},
		"runbook elsewhere":  {func(a *alarms.Alarm) { a.Runbook = "../x.md" }, "an alarm needs a runbook"},
		"severity":           {func(a *alarms.Alarm) { a.Severity = "critical" }, `Severity is "critical", want one of [page ticket notice]`},
		"hop":                {func(a *alarms.Alarm) { a.Hop = "" }, `Hop is "", want one of [edge service`},
		"board":              {func(a *alarms.Alarm) { a.Board = "mine" }, `Board is "mine", want one of [pipeline deploy`},
		"neither":            {func(a *alarms.Alarm) { a.Metric = nil }, "it needs a Metric or a Composite, and not both"},
		"both":               {func(a *alarms.Alarm) { a.Composite = &alarms.Composite{Rule: alarms.Any("service")} }, "and not both"},
		"no inputs":          {metric(func(m *alarms.Metric) { m.Inputs = nil }), "Metric.Inputs has 0, CloudWatch takes 1 to 10"},
		"eleven inputs":      {metric(func(m *alarms.Metric) { m.Inputs = make([]alarms.Input, 11) }), "Metric.Inputs has 11, CloudWatch takes 1 to 10"},
		"input id":           {metric(func(m *alarms.Metric) { m.Inputs = []alarms.Input{{ID: "Waiting", Signal: second.Signal}} }), `input "Waiting": an id is a lower-case letter`},
		"input twice":        {metric(func(m *alarms.Metric) { m.Inputs = []alarms.Input{second, second}; m.Expression = "more" }), `input "more" is there twice`},
		"no metric":          {metric(func(m *alarms.Metric) { m.Inputs = []alarms.Input{{ID: "x"}} }), `input "x": there is no metric`},
		"statistic":          {metric(func(m *alarms.Metric) { m.Inputs = []alarms.Input{{"x", second.Signal.With("median")}} }), `the statistic is "median", want Sum`},
		"no expression":      {metric(func(m *alarms.Metric) { m.Inputs = append(m.Inputs[:1:1], second) }), "Metric.Expression is missing"},
		"bad expression":     {metric(func(m *alarms.Metric) { m.Expression = "waiting +" }), "Metric.Expression: "},
		"unknown id":         {metric(func(m *alarms.Metric) { m.Expression = "waiting + other"; m.Unit = "Count" }), `Metric.Expression names "other", which is none of the inputs`},
		"unused input":       {metric(func(m *alarms.Metric) { m.Inputs = append(m.Inputs[:1:1], second); m.Expression = "waiting" }), `input "more" is not in Metric.Expression`},
		"gap hides it":       {metric(gapHides), `input "errors" is reported only when there is something to report: fill its gaps, FILL(errors, 0), wherever it stands`},
		"threshold":          {metric(func(m *alarms.Metric) { m.Threshold = math.NaN() }), "Metric.Threshold must be a finite number"},
		"band without width": {metric(func(m *alarms.Metric) { m.Comparison = alarms.AboveBand }), "Metric.BandWidth must be above 0"},
		"width without band": {metric(func(m *alarms.Metric) { m.BandWidth = 2 }), "and 0 otherwise"},
		"no unit":            {metric(func(m *alarms.Metric) { m.Expression = "2 * waiting" }), "Metric.Unit is missing"},
		"period":             {metric(func(m *alarms.Metric) { m.Period = 90 * time.Second }), "Metric.Period is 1m30s, CloudWatch takes 10 s, 20 s, 30 s or a number of minutes"},
		"more than a day":    {metric(func(m *alarms.Metric) { m.Periods = 289 }), "Metric.Period times Periods is 289 times 5m0s, CloudWatch takes 24h0m0s"},
		"more than a week":   {metric(func(m *alarms.Metric) { m.Period, m.Periods = 24*time.Hour, 8 }), "Metric.Period times Periods is 8 times 24h0m0s, CloudWatch takes 168h0m0s"},
		"M over N":           {metric(func(m *alarms.Metric) { m.Datapoints = 4 }), "Metric.Datapoints is 4, must be from 1 to Periods, 3"},
		"few samples":        {metric(func(m *alarms.Metric) { m.IgnoreFewSamples = true }), "Metric.IgnoreFewSamples is for a percentile"},
		"no name":            {metric(input(func(s *signal.Signal) { s.Metric.Name = "" })), "there is no metric"},
		"no namespace":       {metric(input(func(s *signal.Signal) { s.Metric.Namespace = "" })), "there is no metric"},
		"dimension without":  {metric(input(dimensions(signal.Dimension{Name: "A"}))), `dimension "A" needs a name, and a value or an input`},
		"dimension with two": {metric(input(dimensions(signal.Dimension{Name: "A", Value: "x", Input: signal.InputCertificate}))), `dimension "A" needs a name, and a value or an input`},
		"dimension twice":    {metric(input(dimensions(signal.Dimension{Name: "A", Value: "x"}, signal.Dimension{Name: "A", Value: "y"}))), `dimension "A" is there twice`},
		"unknown input":      {metric(input(dimensions(signal.Dimension{Name: "A", Input: "foo"}))), `the input is "foo", want one of [load_balancer`},
		"31 dimensions":      {metric(input(dimensions(make([]signal.Dimension, 31)...))), "31 dimensions, CloudWatch takes 30"},
		"namespace":          {metric(input(func(s *signal.Signal) { s.Metric.Namespace = ":bad" })), `the namespace is ":bad", want 1 to 255 letters, digits, spaces and . - _ / # :, the first no colon`},
		"namespace of NUL":   {metric(input(func(s *signal.Signal) { s.Metric.Namespace = "Shop\x00" })), "the namespace is"},
		"blank namespace":    {metric(input(func(s *signal.Signal) { s.Metric.Namespace = " " })), "the namespace is"},
		"metric of NUL":      {metric(input(func(s *signal.Signal) { s.Metric.Name = "a\x00" })), `the name of the metric is "a\x00", want 1 to 255 printable ASCII characters`},
		"metric of 256":      {metric(input(func(s *signal.Signal) { s.Metric.Name = strings.Repeat("a", 256) })), "the name of the metric is"},
		"metric of umlauts":  {metric(input(func(s *signal.Signal) { s.Metric.Name = "Rücklauf" })), "the name of the metric is"},
		"dimension :x":       {metric(input(dimensions(signal.Dimension{Name: ":x", Value: "v"}))), `dimension ":x": want a name of 1 to 255 printable ASCII characters, the first no colon`},
		"long dimension":     {metric(input(dimensions(signal.Dimension{Name: strings.Repeat("a", 256), Value: "v"}))), "want a name of 1 to 255"},
		"long value":         {metric(input(dimensions(signal.Dimension{Name: "A", Value: strings.Repeat("v", 1025)}))), `dimension "A": the value is`},
		"value of umlauts":   {metric(input(dimensions(signal.Dimension{Name: "A", Value: "é"}))), `the value is "é", want 1 to 1024 printable ASCII characters`},
		"rank of two dots":   {metric(input(func(s *signal.Signal) { s.Statistic = "PR(1.2.3:4)" })), `the statistic is "PR(1.2.3:4)", want Sum`},
		"rank upside down":   {metric(input(func(s *signal.Signal) { s.Statistic = "PR(5:1)" })), `the statistic is "PR(5:1)", want a lower bound below an upper bound`},
		"signal's unit":      {metric(input(func(s *signal.Signal) { s.Unit = "Bogus" })), `input "waiting": the unit is "Bogus", want one of CloudWatch's such as Count`},
		"unit":               {metric(func(m *alarms.Metric) { m.Unit = "Bogus" }), `Metric.Unit is "Bogus", want one of CloudWatch's such as Count`},
		"signal without ID":  {metric(input(func(s *signal.Signal) { s.ID = "" })), `input "waiting": the signal's ID is "", want lower-case words and digits with . - or _ between them`},
		"signal's ID":        {metric(input(func(s *signal.Signal) { s.ID = "Refunds waiting €" })), `the signal's ID is "Refunds waiting €", want`},
		"ID of the kit":      {metric(input(func(s *signal.Signal) { s.ID = "ledger.messages" })), `the signal's ID "ledger.messages" is taken by "ledger.messages", the metric Tracehaul/prod-orders-ledger/`},
		"almost of the kit":  {metric(input(func(s *signal.Signal) { s.ID = "ledger-messages" })), `the signal's ID "ledger-messages" is taken by "ledger.messages"`},
		"rule by its name":   {composite(alarms.Composite{Rule: alarms.Any("prod-orders-service")}), `Composite.Rule names "prod-orders-service", its name in CloudWatch: want its key, "service"`},
		"suppressor by name": {composite(alarms.Composite{Rule: alarms.Any("service"), Suppressor: "prod-orders-edge"}), `want its key, "edge"`},
		"filled elsewhere":   {metric(gapHides, func(m *alarms.Metric) { m.Expression = "errors / requests + 0 * FILL(errors, 0)" }), `fill its gaps, FILL(errors, 0), wherever it stands`},
		"id kept":            {metric(func(m *alarms.Metric) { m.Inputs[0].ID = "result" }), `input "result": the id is kept for what is made of the inputs`},
		"id kept for a band": {metric(func(m *alarms.Metric) { m.Inputs[0].ID = "band" }), `input "band": the id is kept`},
		"endless band":       {metric(func(m *alarms.Metric) { m.Comparison, m.BandWidth = alarms.AboveBand, math.Inf(1) }), "Metric.BandWidth must be above 0"},
		"comparison":         {metric(func(m *alarms.Metric) { m.Comparison = 7 }), "Metric.Comparison is unknown"},
		"missing":            {metric(func(m *alarms.Metric) { m.Missing = alarms.MissingMissing + 1 }), "Metric.Missing is unknown"},
		"periods":            {metric(func(m *alarms.Metric) { m.Periods = -1 }), "Metric.Periods is -1, must be at least 1"},
		"by the second":      {metric(input(func(s *signal.Signal) { s.Metric.Namespace = "AWS/SQS" }), func(m *alarms.Metric) { m.Period = 10 * time.Second }), "AWS reports its metrics by the minute"},
		"carriage return":    {func(a *alarms.Alarm) { a.Title = "a\rb" }, "Title must be a text in one line"},
		"owner":              {func(a *alarms.Alarm) { a.Owner = "Team #1" }, `Owner is "Team #1", want lower-case letters`},
		"owner of two lines": {func(a *alarms.Alarm) { a.Owner = "a\nseverity: page" }, "Owner is"},
		"notify":             {func(a *alarms.Alarm) { a.Notify = 9 }, "Notify is unknown"},
		"rollback":           {func(a *alarms.Alarm) { a.Rollback = "other" }, `Rollback is "other", want one of [intake ledger]`},
		"not of nothing":     {composite(alarms.Composite{Rule: alarms.Rule{Op: alarms.OpNot}}), "Composite.Rule is incomplete"},
		"not of two":         {composite(alarms.Composite{Rule: alarms.Rule{Op: alarms.OpNot, Rules: alarms.Any("service", "edge").Rules}}), "Composite.Rule is incomplete"},
		"state":              {composite(alarms.Composite{Rule: alarms.Rule{Key: "service", State: 9}}), "Composite.Rule is incomplete"},
		"extension in parts": {composite(alarms.Composite{Rule: alarms.Any("service"), Suppressor: "edge", Extension: time.Millisecond}), "Composite.Extension is 1ms"},
		"rule of nothing":    {composite(alarms.Composite{Rule: alarms.Any()}), "Composite.Rule is incomplete"},
		"unknown part":       {composite(alarms.Composite{Rule: alarms.Any("other")}), `Composite.Rule names "other", which does not stand before it`},
		"itself":             {composite(alarms.Composite{Rule: alarms.Any("refunds-stuck")}), `Composite.Rule names "refunds-stuck", which does not stand before it`},
		"too many parts":     {composite(alarms.Composite{Rule: alarms.Any(many...)}), "Composite.Rule is not one that CloudWatch takes: the rule names 101 alarms, CloudWatch takes 100"},
		"rule too long":      {composite(alarms.Composite{Rule: alarms.Any(slices.Repeat([]string{"service"}, 500)...)}), "characters, CloudWatch takes 10240"},
		"too many elements":  {composite(alarms.Composite{Rule: alarms.Rule{Op: alarms.OpAny, Rules: slices.Repeat([]alarms.Rule{alarms.Not(alarms.Rule{Op: alarms.OpTrue})}, 501)}}), "the rule has 501 alarms, TRUE, FALSE and parentheses, CloudWatch takes 500 together"},
		"unknown suppressor": {composite(alarms.Composite{Rule: alarms.Any("service"), Suppressor: "other"}), `Composite.Suppressor is "other", which does not stand before it`},
		"wait alone":         {composite(alarms.Composite{Rule: alarms.Any("service"), Wait: time.Minute}), "Composite.Wait and Extension need a Suppressor"},
		"wait in parts":      {composite(alarms.Composite{Rule: alarms.Any("service"), Suppressor: "edge", Wait: time.Millisecond}), "Composite.Wait is 1ms, must be a number of seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			a := ownAlarm(p)
			test.change(&a)
			_, err := alarms.For(p, a)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// gapHides divides errors, which have no data where there are none.
func gapHides(m *alarms.Metric) {
	errors, requests := m.Inputs[0].Signal, m.Inputs[0].Signal
	errors.Absent, requests.Absent = signal.AbsentNothing, signal.AbsentIdle
	m.Inputs = []alarms.Input{{ID: "errors", Signal: errors}, {ID: "requests", Signal: requests}}
	m.Expression, m.Unit = "errors / requests", signal.UnitPercent
}

// However it is written, a gap is filled.
func TestFor_FilledGaps_AreTaken(t *testing.T) {
	p := load(t, "prod")
	for _, expression := range []string{
		"FILL(errors, 0) / requests", "FILL( errors, 0)/requests", "FILL (errors ,0)/requests", "FILL((errors), 0)/requests",
		"IF(requests + errors > 20, 100 * SUM(FILL([errors], 0)) / requests, 0)",
	} {
		a := ownAlarm(p)
		gapHides(a.Metric)
		a.Metric.Expression = expression
		if _, err := alarms.For(p, a); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

// All faults of all alarms come at once.
func TestFor_SeveralBadAlarms_AllReported(t *testing.T) {
	p := load(t, "prod")
	a, b := ownAlarm(p), ownAlarm(p)
	a.Runbook, a.Severity = "", "critical"
	b.Key, b.Title = "other", ""
	_, err := alarms.For(p, a, b)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`alarm "refunds-stuck": Runbook`, `alarm "refunds-stuck": Severity`, `alarm "other": Title`, "alarms of prod-orders"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}

// A deployment takes ten alarms.
func TestFor_EleventhRollbackAlarm_Refused(t *testing.T) {
	p := load(t, "prod")
	var more []alarms.Alarm
	for i := range 11 {
		a := ownAlarm(p)
		a.Key, a.Rollback = "own-"+string(rune('a'+i)), "ledger"
		more = append(more, a)
	}
	kit := len(setOf(t, p).Rollback("ledger"))
	if _, err := alarms.For(p, more[:10-kit]...); err != nil {
		t.Errorf("ten in all are refused: %v", err)
	}
	_, err := alarms.For(p, more[:11-kit]...)
	if err == nil || !strings.Contains(err.Error(), "ledger has more than 10 such alarms") {
		t.Errorf("eleven in all: %v", err)
	}
}
