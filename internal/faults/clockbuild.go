//go:build unix

package main

import (
	"context"
	"path/filepath"
	"sync"
)

// clockVariable is by how many seconds a program of [buildSkewed] is told
// another time than it is.
const clockVariable = "FAULTS_CLOCK_SECONDS"

// buildSkewed builds the programs with a package time whose clock can be off.
// Nothing else on this machine can lie to one process about the time of day:
// time namespaces have only the other clocks, and programs of Go ask no library
// that could be replaced. The monotonic clock stays as it is. These programs
// also send the metrics of the Go runtime, and never some of 15 seconds ago.
func buildSkewed(ctx context.Context, dir string) (service, consumer string, err error) {
	edits, err := skewedTime(ctx)
	if err != nil {
		return "", "", err
	}
	into, err := buildEdited(ctx, dir, "skewed", edits, "cmd/service", "cmd/consumer")
	return filepath.Join(into, "service"), filepath.Join(into, "consumer"), err
}

func skewedTime(ctx context.Context) ([]edit, error) {
	root, err := goEnv(ctx, "GOROOT")
	if err != nil {
		return nil, err
	}
	module, err := goEnv(ctx, "GOMOD")
	if err != nil {
		return nil, err
	}
	file, metrics := filepath.Join(root, "src", "time", "time.go"), filepath.Join(filepath.Dir(module), "telemetry", "metrics.go")
	const now = `func Now() Time {
	sec, nsec, mono := runtimeNow()
`
	return []edit{
		{file, "import (\n", "import (\n\t\"syscall\"\n"},
		{file, now, clockOffset + now + "\tsec += clockOffset\n"},
		{metrics, "if s.config.Metrics.Runtime {", "if true {"},
		{metrics, "runtime.WithMeterProvider(provider)", "runtime.WithMeterProvider(provider), runtime.WithMinimumReadMemStatsInterval(1)"},
	}, nil
}

// clockOffset is what package time gets to know the variable: it can import
// hardly anything.
const clockOffset = `var clockOffset = func() (seconds int64) {
	text, _ := syscall.Getenv("` + clockVariable + `")
	sign := int64(1)
	for i, c := range text {
		if i == 0 && c == '-' {
			sign = -1
			continue
		}
		seconds = 10*seconds + int64(c-'0')
	}
	return sign * seconds
}()

`

// once has something built by the first who asks, while the others wait.
func once(build func(context.Context) (service, consumer string, err error)) func(context.Context) (string, string, error) {
	var first sync.Once
	var service, consumer string
	var err error
	return func(ctx context.Context) (string, string, error) {
		first.Do(func() { service, consumer, err = build(ctx) })
		return service, consumer, err
	}
}
