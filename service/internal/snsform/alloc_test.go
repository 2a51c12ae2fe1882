//go:build !race

package snsform_test

import (
	"testing"
)

// They are smithy's, for a request that holds the body: it copies the request.
// The form itself costs none.
func TestSerializer_TenEvents_FewAllocations(t *testing.T) {
	_, ours := serializers(t)
	in := batch()
	n := testing.AllocsPerRun(100, func() { handle(ours, in, newRequest()) }) - testing.AllocsPerRun(100, func() { newRequest() })
	t.Logf("%v allocations", n)
	if n > 10 {
		t.Errorf("%v allocations, want 10 at most", n)
	}
}
