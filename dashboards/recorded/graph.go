package recorded

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// graphPattern finds the functions of metric math that a graph can have and an
// alarm cannot, as far as they are evaluated here.
var graphPattern = regexp.MustCompile(`\b(ANOMALY_DETECTION_BAND|FIRST|LAST|RUNNING_SUM)\s*\(`)

// withoutGraphFunctions works out the functions of graphs, the innermost first, and
// puts ids in their place.
func (e *expression) withoutGraphFunctions(text string) (string, error) {
	for {
		calls := graphPattern.FindAllStringSubmatchIndex(text, -1)
		if len(calls) == 0 {
			return text, nil
		}
		last := calls[len(calls)-1] // there is none within its arguments
		open := last[1] - 1
		length := balanced(text[open:])
		if length == 0 {
			return "", errors.New("the expression is none: a parenthesis is not closed")
		}
		result, err := e.call(text[last[2]:last[3]], split(text[open+1:open+length-1]))
		if err != nil {
			return "", err
		}
		id := "computed_by_" + strconv.Itoa(len(e.known)) // known grows with each
		e.known[id] = result
		text = text[:last[0]] + id + text[open+length:]
	}
}

// call works out one function.
func (e *expression) call(function string, args []string) ([]series, error) {
	list, err := e.list(args[0])
	if err != nil {
		return nil, err
	}
	if function == "ANOMALY_DETECTION_BAND" {
		return e.band(list, args[1:])
	}
	if len(args) > 1 {
		return nil, fmt.Errorf("%s has %d arguments: want one", function, len(args))
	}
	if len(list) == 0 {
		return nil, nil
	}
	switch function {
	case "FIRST":
		return list[:1], nil
	case "LAST":
		return list[len(list)-1:], nil
	}
	sums := make([]series, len(list))
	for i, s := range list {
		sums[i] = runningSum(s)
	}
	return sums, nil
}

// defaultWidth is a band's, in standard deviations. ("Use metric math", CloudWatch
// user guide.)
const defaultWidth = 2

// band is what is normal for a series: the upper bound, then the lower one, so that
// LAST is the latter as the user guide says.
func (e *expression) band(list []series, args []string) ([]series, error) {
	width := float64(defaultWidth)
	if len(args) > 0 {
		var err error
		if width, err = strconv.ParseFloat(strings.TrimSpace(args[0]), 64); err != nil || len(args) > 1 || !(width > 0 && width < 1e6) {
			return nil, fmt.Errorf("ANOMALY_DETECTION_BAND has the arguments %s behind the series: want a number of standard deviations", strings.Join(args, ","))
		}
	}
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, fmt.Errorf("ANOMALY_DETECTION_BAND is of %d series: want one", len(list))
	}
	upper, lower := e.run.recording.band(list[0], width)
	return []series{upper, lower}, nil
}

// band learns from a series itself what is normal for it. Each minute of a period
// counts, so that hours with few long periods have a band.
func (r *Recording) band(s series, width float64) (upper, lower series) {
	upper, lower = r.empty(s.period), r.empty(s.period)
	from, _ := r.grid(s.period)
	length := int(s.period / time.Minute)
	learnt := signal.Signal{Metric: signal.Metric{Name: "learnt"}, Statistic: "Average"}
	h := simulator.NewHistory(from, len(s.values)*length)
	for i, x := range s.values {
		for minute := range length {
			if !math.IsNaN(x) {
				h.Set(learnt.Metric, i*length+minute, simulator.One(x))
			}
		}
	}
	normal := simulator.LearnBand(h)
	for i := range s.values {
		if low, high, ok := normal(learnt, time.Minute, width, from.Add(time.Duration(i)*s.period)); ok {
			upper.values[i], lower.values[i] = high, low
		}
	}
	return upper, lower
}

// balanced returns how long the parenthesis or bracket is that the text begins with, or
// 0 if it is not closed.
func balanced(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// enclosed returns what is within a list that the whole text is.
func enclosed(text string) (inner string, ok bool) {
	if !strings.HasPrefix(text, "[") || balanced(text) != len(text) {
		return "", false
	}
	return text[1 : len(text)-1], true
}

// split takes arguments apart. There is one at least.
func split(text string) []string {
	var parts []string
	depth, begin := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, text[begin:i])
				begin = i + 1
			}
		}
	}
	return append(parts, text[begin:])
}
