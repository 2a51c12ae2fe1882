package figure

import (
	"math"
	"strconv"
	"time"
)

// Number writes a number as short as it can be.
func Number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// Round keeps a number that was computed readable: with so many digits behind the
// point.
func Round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

// Time writes a length of time in a sentence, such as "5 minutes": in the largest
// unit of which it is a whole number, else in milliseconds.
func Time(d time.Duration) string {
	units := []struct {
		unit      time.Duration
		one, many string
	}{
		{24 * time.Hour, "a day", "days"},
		{time.Hour, "an hour", "hours"},
		{time.Minute, "a minute", "minutes"},
		{time.Second, "a second", "seconds"},
	}
	for _, u := range units {
		if d == u.unit {
			return u.one
		}
		if d > u.unit && d%u.unit == 0 {
			return Number(float64(d/u.unit)) + " " + u.many
		}
	}
	return Number(float64(d)/float64(time.Millisecond)) + " ms"
}

// Counted is a number of things: 1 alarm, 2 alarms.
func Counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
