//go:build !race

package snsform_test

import (
	"testing"
)

// They are smithy's, for a request that holds the body, which it copies, and the
// body. The form itself costs none.
func TestSerializer_TenEvents_FewAllocations(t *testing.T) {
	_, ours := serializers(t)
	in := batch()
	n := testing.AllocsPerRun(100, func() { handle(ours, in, newRequest()) }) - testing.AllocsPerRun(100, func() { newRequest() })
	t.Logf("%v allocations", n)
	if n > 11 {
		t.Errorf("%v allocations, want 11 at most", n)
	}
}
