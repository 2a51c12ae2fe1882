package xray

import (
	"testing"

	"pgregory.net/rapid"
)

// The short cut takes what it takes as the long way would.
func TestParse_RootAlone_IsReadAsTheLongWayDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.StringMatching(`(Root=)?1-[0-9a-fA-F]{8}-[0-9a-gA-F]{24}(;|;Sampled=1| )?|Root=[01]-0{8}-0{24}`).Draw(t, "header")
		got, err := Parse(header)
		want, wantErr := parse(header)
		if got != want || err != wantErr { //nolint:errorlint // they are the same values
			t.Fatalf("Parse(%q) = %+v, %v; the long way %+v, %v", header, got, err, want, wantErr)
		}
	})
}
