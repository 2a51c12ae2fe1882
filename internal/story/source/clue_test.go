package source_test

import (
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
)

// An id chooses the address that gets the token, and is cut apart for the
// database: nobody looks for one that is none.
func TestLook_NoTraceID_NotAskedFor(t *testing.T) {
	url, _ := database(t)
	for _, bad := range []string{"none", "../../admin/delete?x=1", "11111111-1111-1111-1111-111111111111"} {
		c := story.Clues{TraceIDs: []string{bad}, Linked: []string{bad}}
		at, requests := recorded(t, nil)
		for _, b := range []story.Backend{source.Tempo{HTTP: at}, source.Jaeger{HTTP: at}, source.Postgres{URL: url}} {
			if _, err := b.Look(t.Context(), c); err != nil {
				t.Errorf("%s: %q: %v", b.Name(), bad, err)
			}
		}
		for _, r := range *requests {
			t.Errorf("%q was asked for by %s", bad, r.URL)
		}
	}
}
