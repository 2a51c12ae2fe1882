package metricmath_test

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
)

func ExampleParse() {
	e, err := metricmath.Parse("IF(requests > 100, 100 * errors / requests, 0)")
	if err != nil {
		panic(err)
	}
	inputs := map[string][]float64{"requests": {50, 200, 400}, "errors": {25, 1, 40}}
	r := metricmath.Range{Start: time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC), Period: time.Minute, Len: 3}
	fmt.Println(e.IDs(), e.Eval(r, func(id string) []float64 { return inputs[id] }))

	_, err = metricmath.Parse("AVG(requests")
	fmt.Println(err)
	// Output:
	// [requests errors] [0 0.5 10]
	// column 13: the end is not expected after an argument, want "," or what closes them: want ")"
}
