package statistic_test

import (
	"math"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
)

func TestParse(t *testing.T) {
	inf := math.Inf(1)
	for text, want := range map[string]statistic.Statistic{
		"Sum":          {Kind: statistic.Sum},
		"SampleCount":  {Kind: statistic.Count},
		"p99":          {Kind: statistic.Percentile, Percent: 99},
		"p99.9":        {Kind: statistic.Percentile, Percent: 99.9},
		"p0.0":         {Kind: statistic.Percentile},
		"p100":         {Kind: statistic.Percentile, Percent: 100},
		"PR(:0.3)":     {Kind: statistic.Rank, Lower: -inf, Upper: 0.3},
		"PR(1:)":       {Kind: statistic.Rank, Lower: 1, Upper: inf},
		"PR(100:2000)": {Kind: statistic.Rank, Lower: 100, Upper: 2000},
		"PR(-1:4)":     {Kind: statistic.Rank, Lower: -1, Upper: 4},
	} {
		if got, err := statistic.Parse(text); err != nil || got != want {
			t.Errorf("%q = %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestParse_Wrong_SaysWhatIsWanted(t *testing.T) {
	const known, bounds = "want Sum, SampleCount, Average", "want a lower bound below an upper bound, or one of them"
	for text, want := range map[string]string{
		"": known, "sum": known, "TM(2%:98%)": known, "IQM": known, "p": known, "p101": known, "p007": known, "p-1": known,
		"PR(10%:)": known, "PR(1.2.3:4)": known, "PR(1e3:)": known, "PR()": known,
		"PR(:)": bounds, "PR(2:1)": bounds, "PR(1:1)": bounds,
	} {
		_, err := statistic.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `the statistic is "`+text+`"`) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
