package metricmath_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

func parse(t *testing.T, text string) *metricmath.Expression {
	t.Helper()
	e, err := metricmath.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q) = %v", text, err)
	}
	return e
}

func TestParse_IDs_EachOnceInOrder(t *testing.T) {
	const text = "IF(requests > 10, 100 * errors / requests, 0) + FILL(m_1, REPEAT)"
	e := parse(t, text)
	if got, want := e.IDs(), []string{"requests", "errors", "m_1"}; !slices.Equal(got, want) {
		t.Errorf("IDs of %q = %v, want %v", text, got, want)
	}
	if got := e.String(); got != text {
		t.Errorf("String of %q = %q", text, got)
	}
}

func TestParse_Pointwise(t *testing.T) {
	for text, want := range map[string]bool{
		"m1":                                true,
		"IF(m1>1 AND m2>1, SUM([m1,m2]))":   true,
		"FILL(m1, 0) / PERIOD(m1)":          true,
		"FILL(m1, m2) * HOUR(m1)":           true,
		"FILL(m1, REPEAT)":                  false,
		"m1 + FILL(m1, LINEAR)":             false,
		"RATE(m1)":                          false,
		"SUM(DIFF([m1,m2]))":                false,
		"m1 - AVG(m1)":                      false,
		"FILL(m1, MIN(m1))":                 false,
		"IF(m1, m1 / MAX(m1), m1)":          false,
		"-ABS(m1 - m2) + CEIL(FLOOR(m1)^2)": true,
	} {
		if got := parse(t, text).Pointwise(); got != want {
			t.Errorf("Pointwise of %q = %v, want %v", text, got, want)
		}
	}
}

func TestParse_Wrong_SaysWhereAndWhatIsRight(t *testing.T) {
	for text, want := range map[string]string{
		"":                                `column 1: the end is not expected here: want a number, an id, a function, "(" or "["`,
		"m1 +":                            `column 5: the end is not expected here: want a number, an id, a function, "(" or "["`,
		"m1 m2":                           `column 4: "m2" is too much here: want an operator or the end`,
		"(m1":                             `column 4: the end is not expected within parentheses: want ")"`,
		"[m1, m2":                         `column 8: the end is not expected after an argument, want "," or what closes them: want "]"`,
		"m1 = 5":                          `column 4: "=" has no meaning here: want a number, an id, a function or an operator`,
		"m1 > 5 é":                        `column 8: "é" has no meaning here: want a number, an id, a function or an operator`,
		"5":                               `column 1: the result is a single number: an alarm watches one time series`,
		"AVG(m1)":                         `column 1: the result is a single number: an alarm watches one time series`,
		"[m1, m2]":                        `column 1: the result is a list of time series: an alarm watches one time series`,
		"[m1, 5]":                         `column 1: the list has an item that is a single number: want time series`,
		"[m1, m2] + [m1, m2]":             `column 10: "+" is between two lists of time series: one may be a list, not both`,
		"[m1, m2] > 5":                    `column 10: ">" is applied to a list of time series: want time series or numbers`,
		"ABS(5) * m1":                     `column 1: the arguments of ABS are a single number: want a time series, or a list of them`,
		"m1 / PERIOD(m1 * 2)":             `column 6: the arguments of PERIOD are a time series: want the id of a metric`,
		"FILL(m1)":                        `column 8: ")" is not expected after the first argument of FILL: want ","`,
		"FILL(m1, LAST)":                  `column 10: LAST is a function of CloudWatch that is not known here`,
		"IF(m1)":                          `column 1: IF has 1 arguments: want two or three: a condition, what the result is if it is true, and what if it is false`,
		"IF(1, m1, 0)":                    `column 1: the arguments of IF are a single number, a time series, a single number: want a condition that is a time series and then time series or numbers, or a number and then time series`,
		"ANOMALY_DETECTION_BAND(m1, 2)":   `column 1: ANOMALY_DETECTION_BAND is not part of the expression: a comparison with a band stands for it`,
		"SEARCH(m1)":                      `column 1: SEARCH is a function of CloudWatch that is not known here`,
		"SUM m1":                          `column 5: "m1" is not expected after the function SUM: want "("`,
		strings.Repeat("(", 60) + "m1":    `column 51: the expression nests deeper than 50 levels`,
		strings.Repeat("-", 60) + "m1":    `column 52: the expression nests deeper than 50 levels`,
		strings.Repeat("m1+", 999) + "m1": `column 2049: the expression has 2999 characters: 2048 are allowed`,
		strings.Repeat("9", 400) + "*m1":  `is no number that can be computed with`,
	} {
		checkRefused(t, text, want)
	}
	checkRefused(t, "Errors + sum(m1)", `column 1: "Errors" is no function: want one of ABS, AVG,`)
	checkRefused(t, "Errors + sum(m1)", "an id starts with a lower-case letter")
}

func checkRefused(t *testing.T, text, want string) {
	t.Helper()
	_, err := metricmath.Parse(text)
	if _, ok := errors.AsType[*metricmath.Error](err); !ok || !strings.Contains(err.Error(), want) {
		t.Errorf("Parse(%q)\n got %v\nwant %s", text, err, want)
	}
}
