package workflows_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deploy.yml goes through all environments, each after the one before it, and
// builds the packages of all.
func TestDeploy_GoesThroughAllEnvironments(t *testing.T) {
	t.Parallel()
	deploy := load(t)["deploy"]
	order := []string{"dev", "staging", "prod"}
	all := environments(t, root)
	if slices.Sort(all); !slices.Equal(all, []string{"dev", "prod", "staging"}) {
		t.Errorf("there are the environments %v: add to deploy.yml, and to this test, what is new", all)
	}
	for i, environment := range order {
		j := deploy.Jobs[environment]
		if j == nil || j.With["environment"] != environment {
			t.Fatalf("deploy.yml has no job %s with its environment", environment)
		}
		if want := order[:i]; i > 0 && !slices.Contains(needs(j), want[i-1]) {
			t.Errorf("%s needs %v, want %s", environment, needs(j), want[i-1])
		}
		if !slices.Contains(needs(j), "build") {
			t.Errorf("%s does not need the build", environment)
		}
		if j.Concurrency != "deploy-"+environment || j.Secrets != "inherit" {
			t.Errorf("%s: concurrency %q, secrets %q, want deploy-%s and inherit", environment, j.Concurrency, j.Secrets, environment)
		}
	}
	for where, s := range runs(load(t)) {
		if strings.Contains(s.Run, "build/lambda.sh") && !strings.Contains(s.Run, "for environment in "+strings.Join(order, " ")+";") {
			t.Errorf("%s: want packages of %v", where, order)
		}
	}
}

// outcomesOf are the results of deploy.yml's jobs, as GitHub comes to them: failure()
// is whether a job before it has failed, needed by it or by one that it needs; and
// one whose condition has no check of the status runs only if all those have
// succeeded. None fails but those that are named. (GitHub Docs, "Evaluate expressions
// in workflows and actions", status check functions.)
func outcomesOf(t *testing.T, w *workflow, s scope, failing ...string) map[string]string {
	t.Helper()
	results := map[string]string{}
	for _, name := range []string{"ci", "build", "dev", "staging", "prod"} {
		j, of := w.Jobs[name], map[string]any{}
		for _, other := range needs(j) {
			of[other] = map[string]any{"result": results[other]}
		}
		s.failed = false
		implied := true
		for _, other := range before(w, name) {
			s.failed = s.failed || results[other] == "failure"
			implied = implied && results[other] == "success"
		}
		s.contexts["needs"] = of
		runs, err := s.holds(j.If)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !runs, !implied && !statusChecks.MatchString(j.If):
			results[name] = "skipped"
		case slices.Contains(failing, name):
			results[name] = "failure"
		default:
			results[name] = "success"
		}
	}
	return results
}

// before are the jobs that have to have ended before one begins.
func before(w *workflow, name string) (names []string) {
	for _, other := range needs(w.Jobs[name]) {
		names = append(append(names, other), before(w, other)...)
	}
	return names
}

// What fails stops the environments after it; what there is not is passed over; and
// nothing is deployed that was not built, which only main is.
func TestDeploy_StopsWhereItFails(t *testing.T) {
	t.Parallel()
	deploy := load(t)["deploy"]
	const all = `["dev","staging","prod"]`
	for name, test := range map[string]struct {
		ref          string // of a branch; main's if it is empty
		environments string
		first        any
		failing      string
		want         []string
	}{
		"a push":                         {environments: all, want: []string{"dev", "staging", "prod"}},
		"only some environments":         {environments: `["dev","prod"]`, want: []string{"dev", "prod"}},
		"none":                           {},
		"the tests fail":                 {environments: all, failing: "ci"},
		"the build fails":                {environments: all, failing: "build"},
		"the build fails, without dev":   {environments: `["prod"]`, failing: "build"},
		"dev fails":                      {environments: all, failing: "dev", want: []string{"dev"}},
		"staging fails":                  {environments: all, failing: "staging", want: []string{"dev", "staging"}},
		"by hand":                        {environments: all, first: "none", want: []string{"dev", "staging", "prod"}},
		"a first deploy":                 {environments: all, first: "staging", want: []string{"staging"}},
		"of what is not there (yet)":     {environments: `["dev"]`, first: "staging"},
		"a branch by hand":               {ref: "refs/heads/branch", environments: all, first: "none"},
		"a branch's first deploy":        {ref: "refs/heads/branch", environments: all, first: "prod"},
		"a branch's, of the first there": {ref: "refs/heads/branch", environments: all, first: "dev"},
		"a tag of that name":             {ref: "refs/tags/main", environments: all, first: "prod"},
	} {
		s := scope{contexts: map[string]any{
			"github": map[string]any{"ref": cmp.Or(test.ref, "refs/heads/main")},
			"inputs": map[string]any{"first_deploy": test.first}, "vars": map[string]any{},
		}}
		if test.environments != "" {
			s.contexts["vars"] = map[string]any{"ENVIRONMENTS": test.environments}
		}
		var got []string
		results := outcomesOf(t, deploy, s, test.failing)
		for _, environment := range []string{"dev", "staging", "prod"} {
			first, err := s.interpolate(deploy.Jobs[environment].With["first_deploy"])
			if err != nil || first != strconv.FormatBool(test.first == environment) {
				t.Errorf("%s: first_deploy of %s is %s, %v", name, environment, first, err)
			}
			if results[environment] != "skipped" {
				got = append(got, environment)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: deploys to %v, want %v", name, got, test.want)
		}
	}
}

// A build that was passed over is no build, and a branch is not main: each condition
// alone keeps a branch's first deploy out.
func TestDeploy_ConditionsTakenOut_LetABranchIn(t *testing.T) {
	t.Parallel()
	for _, environment := range []string{"staging", "prod"} {
		text := load(t)["deploy"].text
		for _, condition := range []string{"github.ref == 'refs/heads/main' && needs", "needs.build.result == 'success' && contains"} {
			if n := strings.Count(text, condition); n != 3 {
				t.Fatalf("deploy.yml has %q %d times, want it for three environments", condition, n)
			}
		}
		s := func() scope {
			return scope{contexts: map[string]any{
				"github": map[string]any{"ref": "refs/heads/branch"}, "inputs": map[string]any{"first_deploy": environment},
				"vars": map[string]any{"ENVIRONMENTS": `["dev","staging","prod"]`},
			}}
		}
		for fault, test := range map[string]struct{ out, result string }{
			"without the build": {"needs.build.result == 'success' && contains", "skipped"},
			"without the ref":   {"github.ref == 'refs/heads/main' && needs", "skipped"},
			"without both":      {"github.ref == 'refs/heads/main' && needs.build.result == 'success' && contains", "success"},
		} {
			w, err := parse("deploy", strings.ReplaceAll(text, test.out, test.out[strings.LastIndex(test.out, " ")+1:]))
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomesOf(t, w, s())[environment]; got != test.result {
				t.Errorf("%s, %s: %s, want %s", environment, fault, got, test.result)
			}
		}
	}
}

func needs(j *job) (names []string) {
	switch n := j.Needs.(type) {
	case string:
		names = []string{n}
	case []any:
		for _, v := range n {
			if name, ok := v.(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
