//go:build !race

package bearer

import "testing"

// A token that is known costs a hash and a look at a map.
func TestVerify_KnownToken_NoAllocations(t *testing.T) {
	b := setup(t)
	r := with(b.issuer.Token(nil))
	verify := func() {
		if _, err := b.Verify(r); err != nil {
			t.Fatal(err)
		}
	}
	verify()
	if n := testing.AllocsPerRun(1000, verify); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
