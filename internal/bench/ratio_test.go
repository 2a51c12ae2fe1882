package main

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestQuantile_Values_InterpolatesBetweenNeighbours(t *testing.T) {
	for _, test := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{[]float64{7}, .25, 7},
		{[]float64{3, 1, 2}, .5, 2},
		{[]float64{4, 1, 3, 2}, .5, 2.5},
		{[]float64{4, 1, 3, 2}, .25, 1.75},
		{[]float64{1, 2}, 0, 1},
		{[]float64{1, 2}, 1, 2},
	} {
		if got := quantile(test.values, test.q); got != test.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.values, test.q, got, test.want)
		}
	}
	if got := quantile(nil, .5); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v, want none", got)
	}
}

func TestRatio_OneDisturbedRound_DoesNotCount(t *testing.T) {
	// Both slow down in the third round; in the fourth only the subject does.
	subject, base := []float64{90, 90, 45, 10, 90}, []float64{100, 100, 50, 100, 100}
	got := ratio(subject, base)
	want := measured{value: .9, low: .9, high: .9, subject: 90, base: 100}
	if got != want {
		t.Errorf("ratio is %+v, want %+v", got, want)
	}
	if d := difference([]float64{5, 7}, []float64{1, 2}); d.value != 4.5 || d.low != 4.25 || d.high != 4.75 {
		t.Errorf("difference is %+v", d)
	}
}

func TestInterleave_Rounds_HaveOrdersOfTheirOwnAndFirstDoesNotCount(t *testing.T) {
	var order strings.Builder
	subject := func(name string) func() (int, error) {
		calls := 0
		return func() (int, error) {
			order.WriteString(name)
			calls++
			return calls, nil
		}
	}
	got, err := interleave(3, subject("a"), subject("b"), subject("c"))
	if err != nil {
		t.Fatal(err)
	}
	orders := map[string]bool{}
	for round := range slices.Chunk([]byte(order.String()), 3) {
		orders[string(round)] = true
		slices.Sort(round)
		if string(round) != "abc" {
			t.Errorf("order of turns is %s, want each once a round", order.String())
		}
	}
	if !strings.HasPrefix(order.String(), "abc") || len(orders) < 3 {
		t.Errorf("order of turns is %s, want that of the arguments, then others", order.String())
	}
	for i, values := range got {
		if !slices.Equal(values, []int{2, 3, 4}) {
			t.Errorf("values of subject %d are %v, want those of the last three rounds", i, values)
		}
	}
}

func TestInterleave_Failure_EndsIt(t *testing.T) {
	failure := errors.New("no")
	if _, err := interleave(3, func() (int, error) { return 0, failure }); !errors.Is(err, failure) {
		t.Errorf("error is %v, want %v", err, failure)
	}
}

func TestWrite_Lines_AimsAndVerdicts(t *testing.T) {
	var b strings.Builder
	err := write(&b, []line{
		{what: "rate", measured: measured{.853, .84, .87, 8530, 10000}, unit: "1/s", aim: atLeast(.85)},
		{what: "time", measured: measured{2.345, 2.1, 2.5, 23.45, 10}, unit: "ms", aim: atMost(1.8)},
		{what: "count", measured: single([]float64{100}), single: true, aim: atMost(100)},
		{what: "size", measured: ratio([]float64{21}, []float64{10}), unit: "MB"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `
WHAT   MEDIAN  QUARTILES     FIGURES         AIM
rate   0.85    0.84 .. 0.87  8530 / 10000 1/s  >= 0.85  reached
time   2.35    2.10 .. 2.50  23.4 / 10.0 ms  <= 1.80  missed
count  100                   100             <= 100   reached
size   2.10                  21.0 / 10.0 MB
`
	if got := fields(b.String()); !slices.Equal(got, fields(want)) {
		t.Errorf("table is\n%s\nwant (but for blanks)%s", b.String(), want)
	}
}

// fields are the lines of a table, each with single blanks.
func fields(table string) (lines []string) {
	for l := range strings.Lines(strings.TrimSpace(table)) {
		lines = append(lines, strings.Join(strings.Fields(l), " "))
	}
	return lines
}
