//go:build unix

package main

import (
	"errors"
	"strings"
	"testing"
)

// Two parts may be missed in a scenario, and who looks at the table sees it.
func TestMayRepeat_TwiceInAll_AndTheTableSaysSo(t *testing.T) {
	var said []string
	w := &world{say: func(what string) { said = append(said, what) }}
	for n, want := range []bool{true, true, false, false} {
		if got := w.mayRepeat(errors.New("too late")); got != want {
			t.Errorf("time %d: it may be repeated: %v, want %v", n+1, got, want)
		}
	}
	if len(said) != 2 || !strings.Contains(said[0], "too late") {
		t.Errorf("it says %q, want twice what was missed", said)
	}
	v := verdict{repeats: w.repeats}
	var line, sum strings.Builder
	v.print(&line)
	if !strings.HasSuffix(line.String(), "ok, repeats: 2\n") {
		t.Errorf("the table has %q, want the repeats in it", line.String())
	}
	if !printSum(&sum, []verdict{v, {repeats: 1}}, 0) || !strings.Contains(sum.String(), " 3 parts were missed and repeated") {
		t.Errorf("the sum is %q, want the repeats in it", sum.String())
	}
}
