package metricmath_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

// points reads a series as the guide writes it: "30, -, 0".
func points(t *testing.T, text string) []float64 {
	t.Helper()
	var out []float64
	for field := range strings.SplitSeq(text, ",") {
		x := math.NaN()
		if field = strings.TrimSpace(field); field != "-" {
			var err error
			x, err = strconv.ParseFloat(field, 64)
			if err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, x)
	}
	return out
}

// write is the inverse of points.
func write(s []float64) string {
	fields := make([]string, len(s))
	for i, x := range s {
		fields[i] = "-"
		if !math.IsNaN(x) {
			fields[i] = fmt.Sprint(x)
		}
	}
	return strings.Join(fields, ", ")
}

// start is a Monday.
var start = time.Date(2026, time.March, 2, 10, 32, 0, 0, time.UTC)

func check(t *testing.T, text string, inputs map[string]string, want string) {
	t.Helper()
	e := parse(t, text)
	series, length := map[string][]float64{}, 0
	for id, s := range inputs {
		series[id] = points(t, s)
		length = len(series[id])
	}
	r := metricmath.Range{Start: start, Period: 5 * time.Minute, Len: length}
	if got := write(e.Eval(r, func(id string) []float64 { return series[id] })); got != want {
		t.Errorf("%s\n got %s\nwant %s", text, got, want)
	}
}

// TestEval_GuideExamples has the tables of "Use metric math", CloudWatch user
// guide, row by row.
func TestEval_GuideExamples(t *testing.T) {
	for name, c := range map[string]struct {
		inputs map[string]string
		want   map[string]string
	}{
		"Comparison and logical operators": {
			map[string]string{"metric1": "30, 20, 0, 0", "metric2": "20, -, 20, -"},
			map[string]string{
				"(metric1 < metric2)":               "0, 0, 1, 0",
				"(metric1 >= 30)":                   "1, 0, 0, 0",
				"(metric1 > 15 AND metric2 > 15)":   "1, 0, 0, 0",
				"metric1 > 15 && metric2 > 15":      "1, 0, 0, 0",
				"metric1 > 15 OR metric2 > 15":      "1, 1, 1, 0",
				"metric1 == metric2 || metric1 > 9": "1, 1, 0, 1",
			},
		},
		"Using IF expressions": {
			map[string]string{"metric1": "1, 1, 0, 0, -", "metric2": "30, -, 0, 0, 30", "metric3": "0, 0, 20, -, 20"},
			map[string]string{
				"IF(metric1, metric2, metric3)": "30, 0, 20, -, -",
				"IF(metric1, 5, metric3)":       "5, 5, 20, -, -",
				"IF(metric1, metric2, 5)":       "30, 0, 5, 5, -",
				"IF(metric1, metric2)":          "30, 0, -, -, -",
				"IF(metric1, 10, 2)":            "10, 10, 2, 2, -",
				"IF(1, metric2, metric3)":       "30, -, 0, 0, 30",
				"IF(0, metric2, metric3)":       "0, 0, 20, -, 20",
				"IF(0, metric2)":                "-, -, -, -, -",
			},
		},
	} {
		for text, want := range c.want {
			t.Run(name+"/"+text, func(t *testing.T) { check(t, text, c.inputs, want) })
		}
	}
}

func TestEval_Operators(t *testing.T) {
	inputs := map[string]string{"a": "8, -, 4, 0, -", "b": "2, 2, 0, -, -"}
	for text, want := range map[string]string{
		"a + b":           "10, 2, 4, 0, -",
		"a - b":           "6, -2, 4, 0, -",
		"a * b":           "16, 0, 0, 0, -",
		"a / b":           "4, 0, -, -, -", // a divisor that is 0, or missing
		"100 * b / a":     "25, -, 0, -, -",
		"a ^ 2":           "64, -, 16, 0, -",
		"a ^ b ^ 0":       "8, 0, 4, 1, -", // to the right, and a power that is missing is 0
		"-a ^ 2":          "-64, -, -16, 0, -",
		"2 - 3 - a":       "-9, -, -5, -1, -",
		"2 * -a":          "-16, -, -8, 0, -",
		"(a + 1) * 2":     "18, -, 10, 2, -",
		"a + 1 * 2":       "10, -, 6, 2, -",
		"a + 1 / 0":       "-, -, -, -, -",
		"a != 8":          "0, -, 1, 1, -",
		"a <= 4":          "0, -, 1, 1, -",
		"a * 10 ^ 308":    "-, -, -, 0, -", // too large to be a number
		"SUM(100/[a, b])": "62.5, 50, 25, -, -",
		"SUM([a, b] - a)": "-6, 2, -4, 0, -",
	} {
		check(t, text, inputs, want)
	}
}

func TestEval_Functions(t *testing.T) {
	inputs := map[string]string{"a": "-, 1.5, -, -4, -", "b": "1, -, 3, 4, -", "none": "-, -, -, -, -"}
	for text, want := range map[string]string{
		"ABS(a)":                    "-, 1.5, -, 4, -",
		"CEIL(a)":                   "-, 2, -, -4, -",
		"FLOOR(a)":                  "-, 1, -, -4, -",
		"SUM([a, b])":               "1, 1.5, 3, 0, -",
		"AVG([a, b])":               "0.5, 0.75, 1.5, 0, -", // missing counts as 0
		"MIN([a, b])":               "1, 1.5, 3, -4, -",
		"MAX([a, [b, a]])":          "1, 1.5, 3, 4, -",
		"b - SUM(b)":                "-7, -, -5, -4, -",
		"b * 0 + AVG(b)":            "1.6, -, 1.6, 1.6, -", // 8 over 5 datapoints
		"b * 0 + MIN(a)":            "-4, -, -4, -4, -",
		"b * 0 + MAX(a)":            "1.5, -, 1.5, 1.5, -",
		"b + MAX(none)":             "-, -, -, -, -",
		"FILL(a, 7)":                "7, 1.5, 7, -4, 7",
		"FILL(a, -1)":               "-1, 1.5, -1, -4, -1",
		"FILL(a, b)":                "1, 1.5, 3, -4, -",
		"FILL(a, MIN(b))":           "1, 1.5, 1, -4, 1",
		"FILL(a, REPEAT)":           "-, 1.5, 1.5, -4, -4",
		"FILL(a, LINEAR)":           "-, 1.5, -1.25, -4, -",
		"FILL(none, 0)":             "0, 0, 0, 0, 0", // fillsEmpty
		"FILL(none, REPEAT)":        "-, -, -, -, -",
		"SUM(FILL([a, b], 10))":     "11, 11.5, 13, 0, 20",
		"DIFF(a)":                   "-, -, -, -5.5, -",
		"RATE(b) * 600":             "-, -, 2, 2, -", // 2 in 10 minutes, 1 in 5
		"b / PERIOD(b)":             "0.0033333333333333335, -, 0.01, 0.013333333333333334, -",
		"MINUTE(none)":              "32, 37, 42, 47, 52",
		"HOUR(none)":                "10, 10, 10, 10, 10",
		"DAY(none)":                 "1, 1, 1, 1, 1",
		"DATE(none)":                "2, 2, 2, 2, 2",
		"MONTH(none)":               "3, 3, 3, 3, 3",
		"YEAR(none)":                "2026, 2026, 2026, 2026, 2026",
		"EPOCH(b) - 1772447520":     "0, 300, 600, 900, 1200",
		"IF(DAY(b) < 6, b)":         "1, 0, 3, 4, 0",
		"IF(b > 2, 100 * a / b, 0)": "0, -, 0, -100, -",
	} {
		check(t, text, inputs, want)
	}
}

func TestEval_DayOfSunday_Is7(t *testing.T) {
	e := parse(t, "DAY(m1)")
	r := metricmath.Range{Start: start.AddDate(0, 0, -1), Period: time.Hour, Len: 1}
	if got := write(e.Eval(r, func(string) []float64 { return nil })); got != "7" {
		t.Errorf("DAY of a Sunday = %s, want 7", got)
	}
}

// It is 23:30 on a Sunday, and Monday where the range was made.
func TestEval_RangeOfAnotherZone_ClockIsUTC(t *testing.T) {
	at := time.Date(2026, time.March, 1, 23, 30, 0, 0, time.UTC).In(time.FixedZone("", 3600))
	r := metricmath.Range{Start: at, Period: time.Hour, Len: 1}
	for text, want := range map[string]string{"HOUR(m1)": "23", "DAY(m1)": "7", "DATE(m1)": "1"} {
		e := parse(t, text)
		if got := write(e.Eval(r, func(string) []float64 { return nil })); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
	}
}

func TestEval_InputsOfWrongShape_CountAsMissing(t *testing.T) {
	e := parse(t, "m1 + m2")
	inputs := map[string][]float64{"m1": {1, math.Inf(1), 3}, "m2": {1}}
	r := metricmath.Range{Start: start, Period: time.Minute, Step: time.Second, Len: 3}
	got := e.Eval(r, func(id string) []float64 { return inputs[id] })
	if write(got) != "2, -, 3" {
		t.Errorf("m1 + m2 = %s, want 2, -, 3", write(got))
	}
	if got := e.Eval(metricmath.Range{Len: -1}, func(string) []float64 { return nil }); len(got) != 0 {
		t.Errorf("an empty range gave %v", got)
	}
}
