package workflows_test

import (
	"regexp"
	"testing"
)

var (
	toolchainForm = regexp.MustCompile(`(?m)^toolchain go(\d+\.\d+\.\d+)$`)
	goImageForm   = regexp.MustCompile(`(?m)^ARG GO_IMAGE=golang:(.+)$`)
)

// A commit is built with one version of Go, wherever: that of go.mod, which
// actions/setup-go installs. With another one the bytes are others.
func TestGo_OneVersionBuildsAll(t *testing.T) {
	t.Parallel()
	toolchain := toolchainForm.FindStringSubmatch(read(t, "go.mod"))
	if toolchain == nil {
		t.Fatal("go.mod has no line toolchain go1.2.3: the commit does not say which Go builds it")
	}
	for _, path := range [][]string{{"Dockerfile"}, {"build", "collector", "Dockerfile"}} {
		image := goImageForm.FindStringSubmatch(read(t, path...))
		if image == nil || image[1] != toolchain[1] {
			t.Errorf("%v builds with %q, want golang:%s, as go.mod says", path, image, toolchain[1])
		}
	}
	for _, w := range load(t) {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				if regexp.MustCompile(`^actions/setup-go@`).MatchString(s.Uses) && s.With["go-version-file"] != "go.mod" {
					t.Errorf("%s/%s: Go of %q, want that of go.mod", w.name, name, s.With["go-version-file"])
				}
			}
		}
	}
}
