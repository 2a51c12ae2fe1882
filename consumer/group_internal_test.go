package consumer

import "testing"

// A message at which reading panics fails its batch, not the process and the
// batches beside it.
func TestInParts_OnePanics_CallerDoes(t *testing.T) {
	const n = 8 * partSize
	defer func() {
		if p := recover(); p != "the last" {
			t.Errorf("the caller panics with %v, want what the part did", p)
		}
	}()
	inParts(n, func(_, to int) {
		if to == n {
			panic("the last")
		}
	})
}
