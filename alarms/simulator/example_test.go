package simulator_test

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// An alarm on the share of failed requests, tried on an hour in which nearly
// nobody calls at first, and then a deploy breaks something for ten minutes.
func Example() {
	requests := signal.Signal{Metric: signal.Metric{Namespace: "AWS/ApplicationELB", Name: "RequestCount"}, Statistic: "Sum"}
	errors := signal.Signal{Metric: signal.Metric{Namespace: "AWS/ApplicationELB", Name: "HTTPCode_Target_5XX_Count"}, Statistic: "Sum"}
	s, err := simulator.New(simulator.Config{Alarms: []alarms.Alarm{{
		Key: "errors",
		Metric: &alarms.Metric{
			Inputs:     []alarms.Input{{ID: "requests", Signal: requests}, {ID: "errors", Signal: errors}},
			Expression: "IF(requests > 100, 100 * FILL(errors, 0) / requests, 0)",
			Threshold:  5,
			Periods:    3,
		},
	}}})
	if err != nil {
		panic(err)
	}

	h := simulator.NewHistory(time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC), 60)
	for minute := range 60 {
		switch {
		case minute < 20: // two requests a minute, and one of them fails
			h.Set(requests.Metric, minute, simulator.Samples{Count: 2, Sum: 2, Min: 1, Max: 1})
			h.Set(errors.Metric, minute, simulator.One(1))
		case minute < 30 || minute >= 40:
			h.Set(requests.Metric, minute, simulator.Samples{Count: 800, Sum: 800, Min: 1, Max: 1})
		default:
			h.Set(requests.Metric, minute, simulator.Samples{Count: 800, Sum: 800, Min: 1, Max: 1})
			h.Set(errors.Metric, minute, simulator.Samples{Count: 80, Sum: 80, Min: 1, Max: 1})
		}
	}

	r := s.Run(h)
	for _, n := range r.Notices {
		fmt.Println(n.At.Format("15:04"), n.Key, n.State)
	}
	fmt.Println(r.State("errors", h.Start().Add(35*time.Minute)))
	fmt.Println(r.Notices[1].Reason)
	// Output:
	// 10:01 errors OK
	// 10:33 errors ALARM
	// 10:41 errors OK
	// ALARM
	// Threshold Crossed: 3 out of the last 3 datapoints [10.0 (02/03/26 10:32:00), 10.0 (02/03/26 10:31:00), 10.0 (02/03/26 10:30:00)] were greater than the threshold (5.0) (minimum 3 datapoints for OK -> ALARM transition).
}

// A composite that nobody hears of while something else explains it.
func Example_suppressor() {
	value := func(name string) signal.Signal {
		return signal.Signal{Metric: signal.Metric{Namespace: "Example", Name: name}, Statistic: "Maximum"}
	}
	watch := func(key string) alarms.Alarm {
		return alarms.Alarm{Key: key, Notify: alarms.NotifyNobody, Metric: &alarms.Metric{
			Inputs: []alarms.Input{{Signal: value(key)}}, Threshold: 0,
		}}
	}
	s, err := simulator.New(simulator.Config{
		Alarms: []alarms.Alarm{watch("database"), watch("late"), {Key: "freshness", Composite: &alarms.Composite{
			Rule: alarms.InAlarm("late"), Suppressor: "database", Wait: 2 * time.Minute, Extension: 3 * time.Minute,
		}}},
		States: map[string]alarms.State{"freshness": alarms.StateOK},
	})
	if err != nil {
		panic(err)
	}
	h := simulator.NewHistory(time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC), 60)
	for minute := range 60 {
		h.Set(value("late").Metric, minute, simulator.One(0))
		h.Set(value("database").Metric, minute, simulator.One(0))
		if minute >= 10 && minute < 40 { // half an hour late
			h.Set(value("late").Metric, minute, simulator.One(1))
		}
		if minute >= 11 && minute < 30 { // its cause is away for less
			h.Set(value("database").Metric, minute, simulator.One(1))
		}
	}
	for _, n := range s.Run(h).Notices {
		fmt.Println(n.At.Format("15:04"), n.Key, n.State, n.Children)
	}
	// Output:
	// 10:34 freshness ALARM [late]
	// 10:43 freshness OK [late]
}

func ExampleLearnBand() {
	requests := signal.Signal{Metric: signal.Metric{Namespace: "AWS/ApplicationELB", Name: "RequestCount"}, Statistic: "Sum"}
	h := simulator.NewHistory(time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), 7*24*60)
	for minute := range h.Minutes() {
		n := float64(100 + minute%3)
		h.Set(requests.Metric, minute, simulator.Samples{Count: n, Sum: n, Min: 1, Max: 1})
	}
	band := simulator.LearnBand(h)
	lower, upper, ok := band(requests, 5*time.Minute, 2, time.Date(2026, time.March, 10, 14, 0, 0, 0, time.UTC))
	fmt.Printf("%.0f to %.0f, %v\n", lower, upper, ok)
	// Output:
	// 503 to 507, true
}
