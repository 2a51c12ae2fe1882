package simulator

import (
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
)

// evaluation reads data points as the guide writes them, the newest on the
// right.
func evaluation(row string) []point {
	fields := strings.Fields(row)
	points := make([]point, len(fields))
	for i, field := range fields {
		points[len(fields)-1-i] = map[string]point{"-": missing, "0": good, "X": breaching}[field]
	}
	return points
}

// cell names a verdict as the guide does.
func (v verdict) cell() string {
	if v.keep {
		return "Retain current state"
	}
	return v.state.String()
}

// TestJudge_GuideTables has the tables of "How alarm state is evaluated when data
// is missing", CloudWatch user guide: the rows as they are there.
func TestJudge_GuideTables(t *testing.T) {
	for m, table := range map[int]string{
		3: `
|  0 - X - X  |  0  |  OK  |  OK  |  OK  |  OK  |
|  0 - - - -  |  2  |  OK  |  OK  |  OK  |  OK  |
|  - - - - -  |  3  |  INSUFFICIENT_DATA  |  Retain current state  |  ALARM  |  OK  |
|  0 X X - X  |  0  |  ALARM  |  ALARM  |  ALARM  |  ALARM  |
|  - - X - -   |  2  |  ALARM  |  Retain current state  |  ALARM  |  OK  |`,
		2: `
|  0 - X - X  |  0  |  ALARM  |  ALARM  |  ALARM  |  ALARM  |
|  0 0 X 0 X  |  0  |  ALARM  |  ALARM  |  ALARM  |  ALARM  |
|  0 - X - -  |  1  |  OK  |  OK  |  ALARM  |  OK  |
|  - - - - 0  |  2  |  OK  |  OK  |  ALARM  |  OK  |
|  - - - X -  |  2  |  ALARM  |  Retain current state  |  ALARM  |  OK  |`,
	} {
		for row := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
			cells := strings.Split(strings.Trim(row, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			points := evaluation(cells[0])
			for i, treatment := range []alarms.Missing{
				alarms.MissingMissing, alarms.MissingIgnore, alarms.MissingBreaching, alarms.MissingNotBreaching,
			} {
				v := judge(points, m, 3, treatment)
				if v.cell() != cells[2+i] {
					t.Errorf("%d out of 3, %s, %v: %s, want %s", m, cells[0], treatment, v.cell(), cells[2+i])
				}
				if filled := string(rune('0' + v.filled)); filled != cells[1] {
					t.Errorf("%d out of 3, %s: %s filled, want %s", m, cells[0], filled, cells[1])
				}
			}
		}
	}
}

// TestJudge_PrematureTransitions has the examples in the text of "Avoiding
// premature transitions to alarm state", and the cases that the text leaves open.
func TestJudge_PrematureTransitions(t *testing.T) {
	const retained = "Retain current state"
	for row, want := range map[string]struct{ three, two string }{
		// "the alarm does not go immediately into ALARM state when the data is
		// either ... and Datapoints to Alarm is 3"
		"- - - - X": {retained, retained},
		"- - - X -": {retained, "ALARM"},
		// "false positives are avoided when the next data point is non-breaching"
		"- - - X 0": {"OK", "OK"},
		"- - X - 0": {"OK", "OK"},
		// "if the last few data points are - - X - -, the alarm goes into ALARM"
		"- - X - -": {"ALARM", "ALARM"},
		// "the oldest breaching data point during the evaluation range is at least
		// as old ..., and all of the more recent data points are either breaching
		// or missing"
		"- - X X -": {"ALARM", "ALARM"},
		"- - X - X": {"ALARM", "ALARM"},
		"X - - - -": {"ALARM", "ALARM"},
		"- X - - X": {"ALARM", "ALARM"},
		"- - - X X": {retained, "ALARM"}, // two real ones are enough for two
	} {
		for m, want := range map[int]string{3: want.three, 2: want.two} {
			if got := judge(evaluation(row), m, 3, alarms.MissingMissing).cell(); got != want {
				t.Errorf("%d out of 3, %s: %s, want %s", m, row, got, want)
			}
		}
	}
}

// TestJudge_EnoughBreaching_AlarmWhateverIsMissing: with ignore, too, m breaching
// datapoints are no premature alarm.
func TestJudge_EnoughBreaching_AlarmWhateverIsMissing(t *testing.T) {
	for _, treatment := range []alarms.Missing{
		alarms.MissingMissing, alarms.MissingIgnore, alarms.MissingBreaching, alarms.MissingNotBreaching,
	} {
		if got := judge(evaluation("- - - X X"), 2, 3, treatment).cell(); got != "ALARM" {
			t.Errorf("%v: %s, want ALARM", treatment, got)
		}
	}
}

func TestJudge_RangeCutShort_CountsAsMissing(t *testing.T) {
	if got := judge(evaluation("X X"), 3, 3, alarms.MissingBreaching).cell(); got != "ALARM" {
		t.Errorf("X X with missing data breaching: %s, want ALARM", got)
	}
	if got := judge(nil, 1, 1, alarms.MissingMissing).cell(); got != "INSUFFICIENT_DATA" {
		t.Errorf("no data: %s, want INSUFFICIENT_DATA", got)
	}
}
