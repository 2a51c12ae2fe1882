//go:build unix

package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

const tailLines = 20

// Tail keeps the last lines that programs wrote, for when something fails. It
// is safe for concurrent use.
type Tail struct {
	// All hears every line. Defaults to nobody.
	All io.Writer

	// Lines is how many are kept. Defaults to 20.
	Lines int

	mu   sync.Mutex
	last []string
}

// Keep takes a line, as it is to be shown.
func (t *Tail) Keep(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.All != nil {
		_, _ = fmt.Fprintln(t.All, line)
	}
	most := t.Lines
	if most == 0 {
		most = tailLines
	}
	if len(t.last) == most {
		t.last = t.last[1:]
	}
	t.last = append(t.last, line)
}

// Last returns the lines that are kept.
func (t *Tail) Last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.last)
}

// Text is the last lines as the end of an error, or nothing.
func (t *Tail) Text() string {
	last := t.Last()
	if len(last) == 0 {
		return ""
	}
	return "\nThe last lines of the programs' output:\n  " + strings.Join(last, "\n  ")
}

// Explain adds the last lines to an error, unless a person has ended the run.
func (t *Tail) Explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return fmt.Errorf("%w%s", err, t.Text())
}
