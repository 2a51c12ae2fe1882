package postgres

import "testing"

func TestNames_KnowsParametersOfURLsAndStrings(t *testing.T) {
	for dsn, want := range map[string]bool{
		"postgres://u@h/d?sslmode=disable":              true,
		"postgres://u@h/d?a=b&sslmode=disable":          true,
		"host=h sslmode=disable":                        true,
		"sslmode=disable":                               true,
		"host=h\n\tsslmode = disable":                   true,
		"postgres://u@h/sslmode?xsslmode=1&sslmode=off": true,
		"":                                  false,
		"postgres://u@h/d":                  false,
		"postgres://u@h/sslmode":            false,
		"postgres://u@h/d?sslmode":          false,
		"postgres://u@h/d?xsslmode=disable": false,
		"host=h sslmodes=disable":           false,
		"postgres://sslmode=x@h/d":          false,
		"host=h sslmodesslmode=disable":     false,
	} {
		if got := names(dsn, "sslmode"); got != want {
			t.Errorf("names(%q) = %t", dsn, got)
		}
	}
}
