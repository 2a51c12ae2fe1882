package workflows_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// environments are those that there is a resolved description of, in the
// repository or in the tree of the reference pipeline.
func environments(t *testing.T, tree string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(tree, "iac", "terraform", "pipelines", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no environments: %v", err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return names
}

// rootModules are those with a state, with the text of their files.
func rootModules(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "iac", "terraform", "*", "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Terraform: %v", err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(file))] += string(text)
	}
	maps.DeleteFunc(all, func(_, text string) bool { return !strings.Contains(text, `backend "s3"`) })
	return all
}

// concerned asks build/changed-modules.sh.
func concerned(t *testing.T, environment string, files ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "build", "changed-modules.sh"), environment)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return strings.Fields(string(out))
}

func TestChangedModules(t *testing.T) {
	t.Parallel()
	all := []string{"bootstrap", "network", "data", "events", "service", "observability"}
	for name, test := range map[string]struct {
		files []string
		want  []string
	}{
		"nothing":                              {},
		"what Terraform does not read":         {files: []string{"README.md", "cmd/service/main.go", "docs/x.md", ".github/workflows/ci.yml", "Makefile"}},
		"a module":                             {files: []string{"iac/terraform/network/vpc.tf"}, want: []string{"network"}},
		"in the order of dependencies":         {files: []string{"iac/terraform/service/task.tf", "iac/terraform/bootstrap/state.tf", "iac/terraform/data/cluster.tf"}, want: []string{"bootstrap", "data", "service"}},
		"READMEs and tests":                    {files: []string{"iac/terraform/network/README.md", "iac/terraform/network/tests/network.tftest.hcl", "iac/terraform/modules/mocks/aws.tfmock.hcl", "iac/README.md"}},
		"the description":                      {files: []string{"tracehaul.yaml"}, want: all},
		"the environment":                      {files: []string{"environments/prod.yaml"}, want: all},
		"another environment":                  {files: []string{"environments/dev.yaml", "iac/terraform/pipelines/staging.json", "iac/terraform/observability/alarms/dev/alarms.tf.json", "iac/terraform/observability/dashboards/dev/deploy.json"}},
		"the resolved description":             {files: []string{"iac/terraform/pipelines/prod.json"}, want: all},
		"a shared module, used by another":     {files: []string{"iac/terraform/modules/function/main.tf"}, want: []string{"data", "events", "service", "observability"}},
		"a shared module":                      {files: []string{"iac/terraform/modules/consumer/queues.tf"}, want: []string{"events"}},
		"the settings of all":                  {files: []string{"iac/terraform/modules/pipeline/main.tf"}, want: all},
		"generated alarms, and who rolls back": {files: []string{"iac/terraform/observability/alarms/prod/alarms.tf.json"}, want: all},
		"generated dashboards":                 {files: []string{"iac/terraform/observability/dashboards/prod/deploy.json"}, want: []string{"observability"}},
		"a collector's configuration":          {files: []string{"iac/collector/cloudwatch.yaml"}, want: []string{"service"}},
	} {
		if got := concerned(t, "prod", test.files...); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

var remoteState = regexp.MustCompile(`key = "\$\{local\.prefix\}/(\w+)\.tfstate"`)

// A module comes after those whose states it reads, in the script's order and in
// a release's.
func TestModules_ComeAfterWhatTheyRead(t *testing.T) {
	t.Parallel()
	var names []string
	for name := range rootModules(t) {
		names = append(names, "iac/terraform/"+name+"/x.tf")
	}
	script := concerned(t, "prod", names...)
	if len(script) != len(names) {
		t.Errorf("build/changed-modules.sh knows %v, there are %v", script, names)
	}
	var release []string
	for _, s := range load(t)["deploy-environment"].Jobs["release"].Steps {
		if m := applyForm.FindStringSubmatch(s.Run); m != nil {
			release = append(release, m[1])
		}
	}
	for where, order := range map[string][]string{"build/changed-modules.sh": script, "a release": release} {
		for module, text := range rootModules(t) {
			for _, m := range remoteState.FindAllStringSubmatch(text, -1) {
				// The last apply counts: observability's first one is of alarms that
				// a deploy needs, from the second deploy on.
				its, before := lastIndex(order, module), slices.Index(order, m[1])
				if its >= 0 && before > its {
					t.Errorf("%s: %s comes before %s, whose state it reads: %v", where, module, m[1], order)
				}
			}
		}
	}
}

var applyForm = regexp.MustCompile(`terraform\.sh (\w+) apply`)

func lastIndex(list []string, value string) int {
	for i, l := range slices.Backward(list) {
		if l == value {
			return i
		}
	}
	return -1
}

var (
	sourceForm = regexp.MustCompile(`source\s*=\s*"(\.[^"]+)"`)
	fileForm   = regexp.MustCompile(`\$\{path\.module\}/([\w./-]+)`)
	localRoot  = regexp.MustCompile(`\$\{local\.root\}/([\w./-]+)`)
)

// reads are the files and directories below the repository's top that a module
// looks at, itself and by the modules that it uses.
func reads(t *testing.T, dir string, seen map[string]bool) {
	t.Helper()
	if seen[dir] {
		return
	}
	seen[dir] = true
	files, err := filepath.Glob(filepath.Join(root, dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sourceForm.FindAllStringSubmatch(string(text), -1) {
			reads(t, path.Join(dir, m[1]), seen)
		}
		for _, m := range fileForm.FindAllStringSubmatch(string(text), -1) {
			seen[path.Join(dir, m[1])] = true
		}
		for _, m := range localRoot.FindAllStringSubmatch(string(text), -1) {
			seen[path.Join(".", m[1])] = true
		}
	}
}

// Whatever file a module reads, a change of it concerns the module.
func TestChangedModules_MissesNoFileThatAModuleReads(t *testing.T) {
	t.Parallel()
	var files []string
	for _, top := range []string{"iac", "environments", "tracehaul.yaml"} {
		err := fs.WalkDir(os.DirFS(reference), top, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.Contains(name, "/.terraform") {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ignored := regexp.MustCompile(`\.md$|/tests/|^environments/(dev|staging)|/(dev|staging)(\.json|/)`)
	found := 0
	for module := range rootModules(t) {
		seen := map[string]bool{}
		reads(t, path.Join("iac/terraform", module), seen)
		for _, file := range files {
			read := false
			for place := range seen {
				read = read || file == place || path.Dir(file) == place || strings.HasPrefix(file, place+"/") && !strings.Contains(place, ".")
			}
			if !read || ignored.MatchString(file) || strings.Count(file, "/") < 3 && strings.HasPrefix(file, "iac/terraform/") {
				continue
			}
			found++
			if got := concerned(t, "prod", file); !slices.Contains(got, module) {
				t.Errorf("%s reads %s, but a change of it concerns %v", module, file, got)
			}
		}
	}
	if found < 50 {
		t.Errorf("the modules read %d files, want 50 at least: is everything found?", found)
	}
}
