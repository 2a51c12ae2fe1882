package alarms

import (
	"math"
	"strconv"
	"time"
)

// number writes a number as short as it can be.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// round keeps a threshold readable.
func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

// minutes is a number of minutes.
func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

const day = 24 * time.Hour

// short is a window in a key, such as 5m.
func short(d time.Duration) string {
	switch {
	case d%day == 0:
		return number(d.Hours()/24) + "d"
	case d%time.Hour == 0:
		return number(d.Hours()) + "h"
	}
	return number(d.Minutes()) + "m"
}

// words is a time in a sentence, such as "5 minutes".
func words(d time.Duration) string {
	units := []struct {
		unit      time.Duration
		one, many string
	}{
		{day, "a day", "days"},
		{time.Hour, "an hour", "hours"},
		{time.Minute, "a minute", "minutes"},
		{time.Second, "a second", "seconds"},
	}
	for _, u := range units {
		if d == u.unit {
			return u.one
		}
		if d > u.unit && d%u.unit == 0 {
			return number(float64(d/u.unit)) + " " + u.many
		}
	}
	return number(float64(d)/float64(time.Millisecond)) + " ms"
}
