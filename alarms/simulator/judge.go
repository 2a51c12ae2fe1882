package simulator

import "github.com/tracehaul/tracehaul/alarms"

// point is what a datapoint means to an alarm.
type point uint8

const (
	missing point = iota
	good
	breaching
)

// ExtraPeriods is how many datapoints the evaluation range has beyond the
// evaluation periods. AWS says that it "attempts to retrieve a higher number of
// data points than the number specified as Evaluation Periods", which "depends
// on the length of the alarm period"; in its tables it is five for three.
const ExtraPeriods = 2

// verdict is what an evaluation came to.
type verdict struct {
	state alarms.State
	keep  bool // the state stays as it is

	real   int // datapoints that were evaluated, the newest ones that there are
	bad    int // of those, the breaching ones
	filled int // missing datapoints that were needed and not there
}

// judge evaluates the datapoints of an evaluation range, newest first: m out of
// n must be breaching.
//
// It follows "How alarm state is evaluated when data is missing" and "Avoiding
// premature transitions to alarm state", in "Configuring how CloudWatch alarms
// treat missing data", CloudWatch user guide. One reading gives all cells of its
// two tables:
//
//   - With n real datapoints in the range, the newest n decide.
//   - With fewer, all of them are evaluated, and as few missing ones as it takes
//     are filled in. Those that are treated as breaching or not breaching count
//     as that; otherwise they count as nothing.
//   - Without a real datapoint, missing ones alone decide.
//   - The rule for premature alarms applies where every real datapoint is
//     breaching. In row 3 of the second table, "0 - X - -", the breaching one is
//     old enough, but an older one is not breaching: the state is OK.
//
// Where breaching datapoints are too few and too young for ALARM, such as
// "- - - - X", AWS only says that the alarm does not go into ALARM. Here its
// state stays: nothing that was seen is good, so that OK would be no better
// founded.
func judge(points []point, m, n int, treatment alarms.Missing) verdict {
	v := verdict{}
	oldest := 0 // age of the oldest real datapoint; the newest is 1 old
	for i, p := range points {
		if p == missing {
			continue
		}
		oldest = i + 1
		v.real++
		if p == breaching {
			v.bad++
		}
		if v.real == n {
			break
		}
	}
	v.filled = n - v.real
	if v.filled > 0 {
		switch treatment {
		case alarms.MissingBreaching:
			v.state = decide(v.bad+v.filled, m)
			return v
		case alarms.MissingIgnore, alarms.MissingMissing:
			return v.unfilled(m, oldest, treatment == alarms.MissingIgnore)
		case alarms.MissingDefault, alarms.MissingNotBreaching:
		}
	}
	v.state = decide(v.bad, m)
	return v
}

func decide(bad, m int) alarms.State {
	if bad >= m {
		return alarms.StateAlarm
	}
	return alarms.StateOK
}

// unfilled decides where there are too few datapoints and none is filled in.
func (v verdict) unfilled(m, oldest int, ignore bool) verdict {
	switch {
	case v.real == 0:
		v.state, v.keep = alarms.StateInsufficientData, ignore
	case v.bad < v.real || v.bad >= m:
		v.state = decide(v.bad, m)
	default: // the data is breaching, and there is less of it than m
		v.state, v.keep = alarms.StateAlarm, ignore || oldest < m
	}
	return v
}
