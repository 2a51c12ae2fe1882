package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// built is the digest of an image that is built.
const built = "sha256:b017"

var functionsForm = regexp.MustCompile(`(?m)^functions=\((.*)\)$`)

// build runs the job that builds a release, of a commit whose image there may be
// already.
func build(t *testing.T, there string) *runner {
	t.Helper()
	dir, _ := repository(t)
	// What lambda.sh builds is its own test's; of which functions, is not.
	functions := functionsForm.FindStringSubmatch(read(t, "build", "lambda.sh"))
	if functions == nil {
		t.Fatal("build/lambda.sh has no line functions=(...)")
	}
	writeFile(t, dir, "build/lambda.sh", "mkdir -p dist/lambda; for name in "+functions[1]+"; do echo $name $1 >dist/lambda/$name.zip; echo {} >dist/lambda/$name.cdx.json; done\n")
	r := newRunner(t, dir)
	r.actions = map[string]map[string]any{"docker/build-push-action": {"digest": built}}
	r.contexts["vars"] = map[string]any{"ENVIRONMENTS": `["dev"]`}
	if there != "" {
		writeFile(t, r.env["ANSWERS"], "docker-buildx", there)
	}
	if !r.run(t, load(t)["deploy"].Jobs["build"]) {
		t.Fatalf("%v\n%s", r.outcomes, r.log.String())
	}
	return r
}

// Of all that the build hands on, GitHub is told where it is from and what is in it:
// the image, and each package, with the SBOM of its own program.
func TestBuild_AllIsAttested(t *testing.T) {
	t.Parallel()
	r := build(t, "")
	zips, err := filepath.Glob(filepath.Join(r.temp, "release", "*.zip"))
	if err != nil || len(zips) < 5 {
		t.Fatalf("packages are %v, %v", zips, err)
	}
	want := map[string]string{"ghcr.io/tracehaul/tracehaul/service@" + built: "service"} // program by subject
	for _, zip := range zips {
		name := strings.TrimSuffix(filepath.Base(zip), ".zip")
		want[zip], _, _ = strings.Cut(name, "-")
	}
	from, in := map[string]bool{}, map[string]string{}
	for _, s := range load(t)["deploy"].Jobs["build"].Steps {
		if !strings.HasPrefix(s.Uses, "actions/attest@") {
			continue
		}
		subjects := []string{r.text(t, s.With["subject-name"]) + "@" + r.text(t, s.With["subject-digest"])}
		if pattern := r.text(t, s.With["subject-path"]); pattern != "" {
			if subjects, err = filepath.Glob(pattern); err != nil || len(subjects) == 0 {
				t.Errorf("%s: there is no %s: %v", s, pattern, err)
			}
		}
		bill := r.text(t, s.With["sbom-path"])
		for _, subject := range subjects {
			if bill == "" {
				from[subject] = true
				continue
			}
			if _, err := os.Stat(bill); err != nil {
				t.Errorf("%s: %v", s, err)
			}
			in[subject] = strings.TrimSuffix(filepath.Base(bill), ".cdx.json")
		}
	}
	for subject, program := range want {
		if !from[subject] {
			t.Errorf("nothing says where %s is from", subject)
		}
		if in[subject] != program {
			t.Errorf("the SBOM of %s is %q, want that of %s", subject, in[subject], program)
		}
	}
	if len(from) != len(want) || len(in) != len(want) {
		t.Errorf("attested are %v and %v, want %v", from, in, want)
	}
}
