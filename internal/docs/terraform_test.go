package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// call is how a program was called.
type call []string

// chdir is the directory that Terraform was to work in, and the rest of the
// arguments.
func (c call) chdir() (dir string, rest []string) {
	for _, arg := range c[1:] {
		if d, ok := strings.CutPrefix(arg, "-chdir="); ok {
			dir = d
		} else {
			rest = append(rest, arg)
		}
	}
	return dir, rest
}

var (
	declarationForm = regexp.MustCompile(`(?ms)^variable "(\w+)" \{(.*?)^\}`)
	outputForm      = regexp.MustCompile(`(?m)^output "(\w+)"`)
	resourceForm    = regexp.MustCompile(`(?m)^resource "(\w+)" "(\w+)"`)
	moduleForm      = regexp.MustCompile(`(?ms)^module "(\w+)" \{\s*source\s*=\s*"([^"]+)"`)
	defaultForm     = regexp.MustCompile(`(?m)^  default\s*=`)
)

// moduleText is that of all files of a module; empty if there is none.
func moduleText(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

// wrong says what a call of Terraform has that the module does not, or the other
// way round.
func wrong(t *testing.T, c call) (problems []string) {
	t.Helper()
	dir, rest := c.chdir()
	text := moduleText(t, dir)
	if text == "" {
		return []string{fmt.Sprintf("there is no module %q", dir)}
	}
	if len(rest) == 0 {
		return []string{"no command"}
	}
	command, rest := rest[0], rest[1:]
	switch command {
	case "apply", "destroy":
		return wrongVariables(text, rest)
	case "output":
		name := rest[len(rest)-1]
		if strings.HasPrefix(name, "TF_VAR_") {
			name = slices.DeleteFunc(slices.Clone(rest), func(s string) bool { return strings.HasPrefix(s, "TF_VAR_") || strings.HasPrefix(s, "-") })[0]
		}
		if !slices.ContainsFunc(outputForm.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1] == name }) {
			return []string{fmt.Sprintf("%s has no output %q", dir, name)}
		}
	case "state":
		for _, address := range rest[1:] {
			if !strings.HasPrefix(address, "TF_VAR_") && !hasResource(t, dir, address) {
				problems = append(problems, fmt.Sprintf("%s has no %s", dir, address))
			}
		}
	case "init":
		for _, arg := range rest {
			if key, ok := strings.CutPrefix(arg, "-backend-config=key="); ok && !strings.HasSuffix(key, "/"+filepath.Base(dir)+".tfstate") {
				problems = append(problems, fmt.Sprintf("the key of %s is %s", dir, key))
			}
		}
	default:
		problems = append(problems, fmt.Sprintf("terraform %s is nothing that a page should do", command))
	}
	return problems
}

// wrongVariables compares what a module declares with what it is given, by -var and
// by TF_VAR_. The latter may be more than there is.
func wrongVariables(text string, args []string) (problems []string) {
	given, named := map[string]string{}, map[string]bool{}
	for i, arg := range args {
		if name, value, ok := strings.Cut(arg, "="); ok && i > 0 && args[i-1] == "-var" {
			given[name], named[name] = value, true
		} else if name, ok := strings.CutPrefix(name, "TF_VAR_"); ok {
			given[name] = value
		}
	}
	declared := map[string]bool{}
	for _, m := range declarationForm.FindAllStringSubmatch(text, -1) {
		declared[m[1]] = true
		if given[m[1]] == "" && !defaultForm.MatchString(m[2]) {
			problems = append(problems, m[1]+" is not given, and has no default")
		}
	}
	for name := range named {
		if !declared[name] {
			problems = append(problems, name+" is not declared")
		}
	}
	slices.Sort(problems)
	return problems
}

// hasResource is whether a module, or one that it calls, has a resource; an address
// may be that of a call.
func hasResource(t *testing.T, dir, address string) bool {
	t.Helper()
	text := moduleText(t, dir)
	if inner, ok := strings.CutPrefix(address, "module."); ok {
		name, inner, _ := strings.Cut(inner, ".")
		for _, m := range moduleForm.FindAllStringSubmatch(text, -1) {
			if m[1] == name {
				return inner == "" || hasResource(t, filepath.Join(dir, filepath.FromSlash(m[2])), inner)
			}
		}
		return false
	}
	return slices.ContainsFunc(resourceForm.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1]+"."+m[2] == address })
}

func TestTerraform_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	const chdir = "-chdir=iac/terraform/"
	for says, c := range map[string]call{
		"there is no module":                             {"terraform", chdir + "none", "apply"},
		"image_tags is not declared":                     {"terraform", chdir + "service", "apply", "-var", "environment=dev", "-var", "state_bucket=b", "-var", "image_tags=x", "-var", "image_tag=y"},
		"image_tag is not given":                         {"terraform", chdir + "service", "apply", "TF_VAR_environment=dev", "TF_VAR_state_bucket=b"},
		"notifier_package is not given":                  {"terraform", chdir + "observability", "destroy", "-var", "notifier_package=", "TF_VAR_environment=dev", "TF_VAR_state_bucket=b"},
		"environment is not given":                       {"terraform", chdir + "network", "apply"},
		"has no output \"bucket\"":                       {"terraform", chdir + "bootstrap", "output", "-raw", "bucket", "TF_VAR_environment=dev"},
		"has no aws_s3_bucket.access_log":                {"terraform", chdir + "service", "state", "rm", "aws_s3_bucket.access_log"},
		"has no module.states.aws_s3_bucket.this":        {"terraform", chdir + "bootstrap", "state", "rm", "module.states.aws_s3_bucket.this"},
		"has no module.state.aws_s3_bucket.that":         {"terraform", chdir + "bootstrap", "state", "rm", "module.state.aws_s3_bucket.that"},
		"the key of iac/terraform/data is":               {"terraform", chdir + "data", "init", "-backend-config=key=dev-orders/events.tfstate"},
		"terraform import is nothing that a page should": {"terraform", chdir + "data", "import", "x", "y"},
	} {
		if got := wrong(t, c); len(got) != 1 || !strings.Contains(got[0], says) {
			t.Errorf("%v: %q, want %q alone", c, got, says)
		}
	}
	good := call{"terraform", chdir + "network", "apply", "-var", "endpoint_zones=1", "TF_VAR_environment=dev", "TF_VAR_state_bucket=b"}
	if got := wrong(t, good); len(got) > 0 {
		t.Errorf("%v: %q, want nothing", good, got)
	}
}
