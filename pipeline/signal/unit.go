package signal

import (
	"math"
	"strconv"
	"strings"
)

// Unit is the unit of a signal, by CloudWatch's name where it has one.
type Unit string

// Units.
const (
	UnitCount          Unit = "Count"
	UnitPercent        Unit = "Percent"
	UnitSeconds        Unit = "Seconds"
	UnitMilliseconds   Unit = "Milliseconds"
	UnitBytes          Unit = "Bytes"
	UnitCountPerSecond Unit = "Count/Second"
	UnitDays           Unit = "Days"           // CloudWatch knows no days: the metric has no unit
	UnitCapacity       Unit = "Capacity units" // ACUs, likewise
)

var suffixes = map[Unit]string{
	UnitPercent: " %", UnitSeconds: " s", UnitMilliseconds: " ms", UnitCountPerSecond: " a second", UnitDays: " days", UnitCapacity: " ACU",
}

// Format writes a value with its unit as people read it: bytes in GiB, MiB or
// KiB, large numbers in groups of three digits.
func (u Unit) Format(value float64) string {
	if u == UnitBytes {
		return formatBytes(value)
	}
	return group(strconv.FormatFloat(value, 'f', -1, 64)) + suffixes[u]
}

func formatBytes(value float64) string {
	for i, name := range []string{" GiB", " MiB", " KiB"} {
		if size := math.Exp2(float64(30 - 10*i)); math.Abs(value) >= size {
			return strconv.FormatFloat(math.Round(value/size*100)/100, 'f', -1, 64) + name
		}
	}
	return strconv.FormatFloat(value, 'f', -1, 64) + " bytes"
}

// group puts commas between groups of three digits.
func group(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction
}
