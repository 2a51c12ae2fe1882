package figure_test

import (
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/figure"
)

func TestTime_LargestWholeUnit(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "a day", 48 * time.Hour: "2 days", time.Hour: "an hour", 90 * time.Minute: "90 minutes", time.Minute: "a minute",
		90 * time.Second: "90 seconds", time.Second: "a second", 1500 * time.Millisecond: "1500 ms", 500 * time.Microsecond: "0.5 ms", 0: "0 ms",
	} {
		if got := figure.Time(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestNumberAndRound_AsShortAsCanBe(t *testing.T) {
	t.Parallel()
	for x, want := range map[float64]string{.1 + .2: "0.3", 1e6: "1000000", 1.2349: "1.235", -2: "-2"} {
		if got := figure.Number(figure.Round(x, 3)); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
}

func TestCounted_OneIsNoPlural(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 alarms", 1: "1 alarm", 2: "2 alarms"} {
		if got := figure.Counted(n, "alarm"); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
