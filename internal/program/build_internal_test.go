//go:build unix

package program

import (
	"runtime/debug"
	"testing"
)

// What go build writes into a program that it builds in a clone is no release, but
// for a tag without edits.
func TestReleased(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		module debug.Module
		want   bool
	}{
		"release":                    {debug.Module{Path: Module, Version: "v1.2.3", Sum: "h1:x"}, true},
		"commit that was fetched":    {debug.Module{Path: Module, Version: "v0.0.0-20261126093012-6bd095d21c3e", Sum: "h1:x"}, true},
		"tag":                        {debug.Module{Path: Module, Version: "v1.2.3"}, true},
		"tag of a candidate":         {debug.Module{Path: Module, Version: "v1.2.3-rc.1"}, true},
		"tag with edits":             {debug.Module{Path: Module, Version: "v1.2.3+dirty"}, false},
		"commit":                     {debug.Module{Path: Module, Version: "v0.0.0-20261126093012-6bd095d21c3e"}, false},
		"commit with edits":          {debug.Module{Path: Module, Version: "v0.0.0-20261126093012-6bd095d21c3e+dirty"}, false},
		"commit behind a tag":        {debug.Module{Path: Module, Version: "v1.2.4-0.20261126093012-6bd095d21c3e"}, false},
		"commit behind a candidate":  {debug.Module{Path: Module, Version: "v1.2.4-rc.1.0.20261126093012-6bd095d21c3e"}, false},
		"without version control":    {debug.Module{Path: Module, Version: "(devel)"}, false},
		"test":                       {debug.Module{Path: Module}, false},
		"module that links this one": {debug.Module{Path: "example.com/orders", Version: "v1.2.3", Sum: "h1:x"}, false},
	} {
		if got := released(&test.module); got != test.want {
			t.Errorf("%s, %s, is released: %v, want %v", name, test.module.Version, got, test.want)
		}
	}
}
