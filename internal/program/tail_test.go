//go:build unix

package program_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/program"
)

func TestTail_KeepsTheLast_TellsAll(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	tail := program.Tail{All: &all, Lines: 2}
	if tail.Text() != "" {
		t.Errorf("of no lines: %q", tail.Text())
	}
	for _, line := range []string{"a", "b", "c"} {
		tail.Keep(line)
	}
	if got := tail.Last(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("kept %q", got)
	}
	if all.String() != "a\nb\nc\n" {
		t.Errorf("told %q", all.String())
	}
	failure := errors.New("it failed")
	if err := tail.Explain(t.Context(), failure); !errors.Is(err, failure) || !strings.HasSuffix(err.Error(), "\n  b\n  c") {
		t.Errorf("explained as %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tail.Explain(ctx, failure); err.Error() != "interrupted" {
		t.Errorf("ended by a person: %v", err)
	}
}
