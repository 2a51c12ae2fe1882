package lint

import (
	"fmt"
	"math"
	"testing"
)

// Grafana's own colours in its dark theme. (packages/grafana-data,
// themes/createVisualizationColors.ts.)
var grafanaHex = map[string]string{
	"blue": "#5794f2", "orange": "#ff9830", "yellow": "#fade2a", "purple": "#b877d9", "red": "#f2495c", "green": "#73bf69",
}

// vision are matrices from what is shown to what is seen without one of the
// three cones, in linear RGB. (Machado, Oliveira and Fernandes 2009, "A
// Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.)
var vision = map[string][9]float64{
	"all":      {1, 0, 0, 0, 1, 0, 0, 0, 1},
	"no red":   {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
	"no green": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
}

// seen is a colour as it is seen, in CIELAB.
func seen(t *testing.T, hex string, by [9]float64) [3]float64 {
	t.Helper()
	var rgb [3]uint8
	if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatal(err)
	}
	var linear [3]float64
	for i, x := range rgb {
		if c := float64(x) / 255; c <= 0.04045 {
			linear[i] = c / 12.92
		} else {
			linear[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	apply := func(m [9]float64, v [3]float64) (out [3]float64) {
		for i := range out {
			out[i] = max(0, m[3*i]*v[0]+m[3*i+1]*v[1]+m[3*i+2]*v[2])
		}
		return out
	}
	xyz := apply([9]float64{0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505}, apply(by, linear))
	var f [3]float64
	for i, white := range []float64{0.9505, 1, 1.089} {
		f[i] = math.Cbrt(xyz[i] / white)
	}
	return [3]float64{116*f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])}
}

// apart is how far two colours are from each other for whom they are nearest.
func apart(t *testing.T, a, b string) float64 {
	t.Helper()
	least := math.Inf(1)
	for _, by := range vision {
		x, y := seen(t, a, by), seen(t, b, by)
		least = min(least, math.Sqrt((x[0]-y[0])*(x[0]-y[0])+(x[1]-y[1])*(x[1]-y[1])+(x[2]-y[2])*(x[2]-y[2])))
	}
	return least
}

// The hues that are let through stay apart without red or green cones. Purple
// comes close to blue, and red to green. A distance of 2 is just seen when two
// areas touch.
func TestSafeHues_StayApart(t *testing.T) {
	for i, a := range safeHues {
		for _, b := range safeHues[i+1:] {
			if d := apart(t, grafanaHex[a], grafanaHex[b]); d < 15 {
				t.Errorf("%s and %s are %.0f apart: want 15", a, b, d)
			}
		}
	}
	for a, b := range map[string]string{"purple": "blue", "red": "green"} {
		if d := apart(t, grafanaHex[a], grafanaHex[b]); d > 10 {
			t.Errorf("%s and %s are %.0f apart: %s could be let through", a, b, d, a)
		}
	}
}
