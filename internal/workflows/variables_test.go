package workflows_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// release.sh and variables.sh give every module what it needs, and nothing that it
// does not know.
func TestVariables_AreThoseOfTheModules(t *testing.T) {
	t.Parallel()
	for _, environment := range environments(t, reference) {
		for _, first := range []string{"false", "true"} {
			given := variables(t, environment, first, `{"network": {"endpoint_zones": 1}, "service": {"execute_command": false}}`)
			for module, values := range given {
				for _, problem := range wrongVariables(t, module, values) {
					t.Errorf("%s in %s: %s", module, environment, problem)
				}
			}
			if want := []string{"data", "events", "network", "observability", "service"}; !slices.Equal(sorted(given), want) {
				t.Errorf("variables of %v, want %v", sorted(given), want)
			}
			for module, name := range map[string]string{"events": "rollback_alarms", "service": "rollback_alarms", "observability": "actions_enabled"} {
				if got, want := given[module][name], first != "true"; got != want {
					t.Errorf("%s of %s in %s is %v, want %v: first deploy %s", name, module, environment, got, want, first)
				}
			}
			if given["network"]["endpoint_zones"] != 1.0 || given["service"]["execute_command"] != false {
				t.Errorf("TERRAFORM_VARIABLES are not taken: %v", given)
			}
		}
	}
}

func TestVariables_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	given := variables(t, "prod", "false", `{"service": {"image_tags": "x"}}`)
	delete(given["events"], "consumer_packages")
	for module, want := range map[string]string{"service": "image_tags is not declared", "events": "consumer_packages is not given"} {
		if got := wrongVariables(t, module, given[module]); !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("%s: %v, want %q", module, got, want)
		}
	}
}

var variableForm = regexp.MustCompile(`(?ms)^variable "(\w+)" \{(.*?)^\}`)

// wrongVariables compares what a module is given with what it declares.
func wrongVariables(t *testing.T, module string, values map[string]any) (problems []string) {
	t.Helper()
	given := maps.Clone(values)
	if given == nil {
		given = map[string]any{}
	}
	given["environment"] = true // both by TF_VAR_, which may be more than is declared
	declared := map[string]bool{}
	for _, m := range variableForm.FindAllStringSubmatch(rootModules(t)[module], -1) {
		declared[m[1]] = true
		if m[1] == "state_bucket" {
			continue
		}
		if _, ok := given[m[1]]; !ok && !regexp.MustCompile(`(?m)^  default\s*=`).MatchString(m[2]) {
			problems = append(problems, m[1]+" is not given, and has no default")
		}
	}
	if len(declared) == 0 {
		t.Fatalf("%s declares no variables", module)
	}
	for _, name := range sorted(given) {
		if !declared[name] {
			problems = append(problems, name+" is not declared")
		}
	}
	return problems
}

// variables are those that the scripts make of a release with a zip for each
// program.
func variables(t *testing.T, environment, first, more string) map[string]map[string]any {
	t.Helper()
	r := newRunner(t, workTree(t))
	for _, name := range append([]string{"consumer", "migrate"}, prefixed("notifier-", environments(t, reference))...) {
		writeFile(t, r.dir, "packages/"+name+".zip", name)
	}
	r.env["ENVIRONMENT"], r.env["FIRST_DEPLOY"], r.env["TERRAFORM_VARIABLES"] = environment, first, more
	r.env["VARIABLES"], r.env["STATE_BUCKET"], r.env["AWS_REGION"] = filepath.Join(r.temp, "variables"), "state", "eu-central-1"
	r.env["PATH"] = r.path + ":/usr/local/bin:/usr/bin:/bin"
	err := r.shell(t.Context(), `
		.github/scripts/release.sh ghcr.io/x/service@sha256:42 packages >release.json
		.github/scripts/terraform.sh bootstrap output -json >bootstrap.json
		.github/scripts/variables.sh release.json bootstrap.json`, r.env)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.log.String())
	}
	files, err := filepath.Glob(filepath.Join(r.env["VARIABLES"], "*.tfvars.json"))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]map[string]any{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]any{}
		if err := json.Unmarshal(b, &values); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		given[strings.TrimSuffix(filepath.Base(file), ".tfvars.json")] = values
	}
	return given
}

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = prefix + name
	}
	return out
}

// A package's SHA-256 is that of its file, in base64, and its key has it in hex.
func TestRelease_Packages_AreNamedByWhatIsInThem(t *testing.T) {
	t.Parallel()
	got := variables(t, "prod", "false", "{}")["data"]["migrate_package"]
	want := map[string]any{
		"bucket": "prod-orders-packages-123456789012",
		"key":    "migrate-" + sha256OfMigrate + ".zip",
		"sha256": sha256Base64,
	}
	if diff := gocmp.Diff(any(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Of the text "migrate": printf migrate | openssl dgst -sha256.
const (
	sha256OfMigrate = "3bc801a33ea83df414e1aeb962a52412835be99db28668ec25de73fdd4733804"
	sha256Base64    = "O8gBoz6oPfQU4a65YqUkEoNb6Z2yhmjsJd5z/dRzOAQ="
)
