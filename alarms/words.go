package alarms

import (
	"time"

	"github.com/tracehaul/tracehaul/internal/figure"
)

// minutes is a number of minutes.
func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

const day = 24 * time.Hour

// short is a window in a key, such as 5m.
func short(d time.Duration) string {
	switch {
	case d%day == 0:
		return figure.Number(d.Hours()/24) + "d"
	case d%time.Hour == 0:
		return figure.Number(d.Hours()) + "h"
	}
	return figure.Number(d.Minutes()) + "m"
}
