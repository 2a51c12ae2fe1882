package consumer

import (
	"bytes"
	"testing"
)

// A message at which reading panics fails its batch, not the process and the
// batches beside it.
func TestInParts_OnePanics_CallerDoes(t *testing.T) {
	const n = 8 * partSize
	defer func() {
		c, ok := recover().(*caught)
		if !ok || c.Value() != "the last" || !bytes.Contains(c.Stack(), []byte(t.Name())) {
			t.Errorf("the caller panics with %+v, want what the part did, and its stack", c)
		}
	}()
	inParts(n, func(_, to int) {
		if to == n {
			panic("the last")
		}
	})
}
