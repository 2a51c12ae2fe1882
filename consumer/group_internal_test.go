package consumer

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

// A message at which reading panics fails its batch, not the process and the
// batches beside it.
func TestInParts_OnePanics_CallerDoes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // with one there are no parts
	const n = 8 * partSize
	defer func() {
		c, ok := recover().(*caught)
		if !ok || c.Value() != "the last" || !bytes.Contains(c.Stack(), []byte(t.Name())) {
			t.Fatalf("the caller panics with %+v, want what the part did, and its stack", c)
		}
		if said := c.Error(); !strings.HasPrefix(said, "the last,") || !strings.Contains(said, t.Name()) {
			t.Errorf("the runtime would print %q, want what the part did, and its stack", said)
		}
	}()
	inParts(n, func(_, to int) {
		if to == n {
			panic("the last")
		}
	})
}
