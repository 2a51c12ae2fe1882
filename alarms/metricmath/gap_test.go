package metricmath_test

import (
	"slices"
	"testing"
)

// Gaps of m1 and m2 stand for zeros; all has none that matter.
func TestExpression_Unfilled(t *testing.T) {
	sparse := func(id string) bool { return id == "m1" || id == "m2" }
	for text, want := range map[string][]string{
		"m1":                                     {"m1"},
		"all":                                    nil,
		"FILL(m1, 0)":                            nil,
		"FILL( m1 ,0) / FILL ((m2), 0)":          nil,
		"m1/all + 0*FILL(m1, 0)":                 {"m1"},
		"all + (5 - m1)":                         {"m1"},
		"all + (m1 + m2)":                        nil,
		"FILL(m2, 0) + m1":                       nil,
		"m1/all * FILL(m1, 0)":                   {"m1"},
		"m1/all":                                 {"m1"},
		"all + m1 > 20":                          nil,
		"m1 + m2 > 20":                           {"m1", "m2"},
		"m2 + m1 + all":                          nil,
		"m1 + 5":                                 {"m1"},
		"all - m1":                               {"m1"},
		"IF(FILL(m2, 0) > 2, FILL(m1, 0) / m2)":  {"m2"},
		"IF(all > 2, 100 * m1 / all, 0)":         {"m1"},
		"FILL(m1 + m2, 0)":                       {"m1", "m2"},
		"FILL(100 * m1, 0)":                      {"m1"},
		"FILL(all, m2)":                          {"m2"},
		"SUM(FILL([m1, [m2, all]], 0))":          nil,
		"SUM([FILL(m1, 0), m2])":                 {"m2"},
		"FILL(m2, REPEAT) - FILL(m1, LINEAR)":    {"m2", "m1"},
		"DIFF(FILL(FILL(m1, REPEAT), 0))":        nil,
		"FILL(FILL(m1, 0), 0) * ABS(m1)":         {"m1"},
		"FILL(m1, 0) / PERIOD(m1) * HOUR((m1))":  nil,
		"FILL(FILL(m1, REPEAT), 0) / PERIOD(m1)": nil,
	} {
		if got := parse(t, text).Unfilled(sparse); !slices.Equal(got, want) {
			t.Errorf("Unfilled of %q = %v, want %v", text, got, want)
		}
	}
}
