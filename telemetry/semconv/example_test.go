package semconv_test

import (
	"fmt"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// A query written with these names cannot misspell them.
func Example() {
	fmt.Printf("%s by %s\n", semconv.MetricOutcomes, semconv.OutcomeKey)
	fmt.Println("finest step:", semconv.DurationBuckets()[0], semconv.UnitSeconds)
	// Output:
	// tracehaul.message.outcomes by tracehaul.outcome
	// finest step: 0.001 s
}
