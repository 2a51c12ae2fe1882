package workflows_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// rule is something that every workflow keeps.
type rule struct {
	why   string
	check func(w *workflow) []string // what is wrong
}

var rules = map[string]rule{
	"pinned":      {"a tag of an action can be moved to other code", pinned},
	"permissions": {"a token may what the job needs; allowed says it by job", permissions},
	"triggers":    {"these run with the rights of main on what strangers have written", triggers},
	"expressions": {"GitHub puts values into scripts as text: whoever writes a title could run commands. They come by env", expressions},
	"identity":    {"with id-token a job can be whom AWS and sigstore trust", identity},
	"roles":       {"who approves a deploy, the environment says; who plans, reads", roles},
	"main":        {"what is deployed was reviewed: somebody who may run a workflow on a branch must not apply the branch", onMain},
	"timeouts":    {"a job that hangs holds an environment for six hours", timeouts},
	"shell":       {"without pipefail a pipe that breaks is a success", shell},
	"checkout":    {"later steps have no business with the token of git", checkout},
	"secrets":     {"there are no keys; what else is secret is in docs/delivery.md", secrets},
}

// allowed are the permissions of jobs beyond contents: read.
var allowed = map[string]map[string]string{
	"deploy/build":                 {"packages": "write", "id-token": "write", "attestations": "write"},
	"deploy/dev":                   {"packages": "read", "id-token": "write", "deployments": "read"},
	"deploy/staging":               {"packages": "read", "id-token": "write", "deployments": "read"},
	"deploy/prod":                  {"packages": "read", "id-token": "write", "deployments": "read"},
	"deploy-environment/terraform": {"id-token": "write", "deployments": "read"},
	"deploy-environment/release":   {"packages": "read", "id-token": "write"},
	"terraform/plan":               {"id-token": "write"},
	"terraform/drift":              {"id-token": "write"},
	"terraform/changed":            {"deployments": "read"},
	"terraform/apply":              {"id-token": "write"},
}

var (
	pinnedForm  = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	versionForm = regexp.MustCompile(`^# v\d+\.\d+\.\d+$`)
)

// pinned wants actions of others by the SHA of a commit, with the version beside it.
func pinned(w *workflow) (problems []string) {
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && child.Value == "uses" {
				used := n.Content[i+1]
				switch {
				case strings.HasPrefix(used.Value, "./"):
				case !pinnedForm.MatchString(used.Value):
					problems = append(problems, fmt.Sprintf("line %d: %s: want owner/name@ and the 40 digits of a commit", used.Line, used.Value))
				case !versionForm.MatchString(used.LineComment):
					problems = append(problems, fmt.Sprintf("line %d: %s: want the version behind it, as # v1.2.3, not %q", used.Line, used.Value, used.LineComment))
				}
			}
			walk(child)
		}
	}
	walk(&w.node)
	return problems
}

func permissions(w *workflow) (problems []string) {
	if !maps.Equal(w.Permissions, map[string]string{"contents": "read"}) {
		problems = append(problems, fmt.Sprintf("permissions are %v, want contents: read", w.Permissions))
	}
	for _, name := range sorted(w.Jobs) {
		got, want := w.Jobs[name].Permissions, allowed[w.name+"/"+name]
		if len(want) > 0 {
			want = maps.Clone(want)
			want["contents"] = "read"
		}
		if !maps.Equal(got, want) {
			problems = append(problems, fmt.Sprintf("job %s: permissions are %v, want %v", name, got, want))
		}
	}
	return problems
}

func triggers(w *workflow) (problems []string) {
	for _, name := range []string{"pull_request_target", "workflow_run", "issue_comment", "issues"} {
		if _, ok := w.On[name]; ok {
			problems = append(problems, name+": want pull_request, push, schedule, workflow_call or workflow_dispatch")
		}
	}
	return problems
}

func expressions(w *workflow) (problems []string) {
	for _, where := range sorted(runs(map[string]*workflow{"": w})) {
		if s := runs(map[string]*workflow{"": w})[where]; strings.Contains(s.Run, "${{") {
			problems = append(problems, where+": an expression in a script: want it in env")
		}
	}
	return problems
}

func timeouts(w *workflow) (problems []string) {
	for _, name := range sorted(w.Jobs) {
		if j := w.Jobs[name]; j.Uses == "" && (j.TimeoutMinutes < 1 || j.TimeoutMinutes > 120) {
			problems = append(problems, fmt.Sprintf("job %s: timeout-minutes is %d, want 1 to 120", name, j.TimeoutMinutes))
		}
	}
	return problems
}

func shell(w *workflow) []string {
	if got := w.Defaults.Run.Shell; got != "bash" {
		return []string{fmt.Sprintf("defaults.run.shell is %q, want bash", got)}
	}
	return nil
}

func checkout(w *workflow) (problems []string) {
	for _, name := range sorted(w.Jobs) {
		for _, s := range w.Jobs[name].Steps {
			if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false" {
				problems = append(problems, "job "+name+": want persist-credentials: false")
			}
		}
	}
	return problems
}

var secretForm = regexp.MustCompile(`secrets\.(\w+)`)

func secrets(w *workflow) (problems []string) {
	for _, m := range secretForm.FindAllStringSubmatch(w.text, -1) {
		if m[1] != "GRAFANA_TOKEN" && m[1] != "GRAFANA_VIEWER_TOKEN" {
			problems = append(problems, "the secret "+m[1]+": want GRAFANA_TOKEN or GRAFANA_VIEWER_TOKEN")
		}
	}
	return problems
}

func TestWorkflows_KeepTheRules(t *testing.T) {
	t.Parallel()
	all := load(t)
	for _, name := range sorted(all) {
		for _, of := range sorted(rules) {
			for _, problem := range rules[of].check(all[name]) {
				t.Errorf("%s.yml: %s\n\t%s: %s", name, problem, of, rules[of].why)
			}
		}
	}
	for name := range allowed {
		workflow, job, _ := strings.Cut(name, "/")
		if w := all[workflow]; w == nil || w.Jobs[job] == nil {
			t.Errorf("there is no job %s: take it out of allowed", name)
		}
	}
}

// Every rule notices what it is there for.
func TestRules_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	all := load(t)
	const checkoutPin = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
	faults := map[string]struct{ rule, workflow, old, new string }{
		"a tag instead of a commit":        {"pinned", "ci", checkoutPin, "actions/checkout@v7"},
		"no version beside the commit":     {"pinned", "deploy", checkoutPin, strings.TrimSuffix(checkoutPin, " # v7.0.1")},
		"a called workflow of others":      {"pinned", "deploy", "./.github/workflows/deploy-environment.yml", "other/workflows/.github/workflows/x.yml@main"},
		"everything may be written":        {"permissions", "ci", "permissions:\n  contents: read", "permissions: {contents: write}"},
		"a job that may write":             {"permissions", "terraform", "      deployments: read\n", "      deployments: write\n"},
		"a job that may more than others":  {"permissions", "ci", "    timeout-minutes: 20\n", "    timeout-minutes: 20\n    permissions: {issues: write}\n"},
		"strangers' code with main's role": {"triggers", "ci", "  pull_request:\n", "  pull_request_target:\n"},
		"a title in a script":              {"expressions", "ci", "run: make ci REPRODUCIBLE=", `run: "echo ${{ github.event.pull_request.title }}"`},
		"an input in a script":             {"expressions", "deploy-environment", `-e "$ENVIRONMENT"`, `-e ${{ inputs.environment }}`},
		"an identity for nothing":          {"identity", "ci", "    timeout-minutes: 20\n", "    timeout-minutes: 20\n    permissions: {id-token: write}\n"},
		"a role without an identity":       {"identity", "terraform", "      id-token: write # to take the role\n", ""},
		"the role that deploys, in a plan": {"roles", "terraform", "${{ vars[format('AWS_PLAN_ROLE_ARN_{0}', matrix.environment)] }}", "${{ vars.AWS_ROLE_ARN }}"},
		"a deploy that nobody approves":    {"roles", "deploy-environment", "    environment: ${{ inputs.environment }}\n    timeout", "    timeout"},
		"a region that is written down":    {"roles", "deploy-environment", "aws-region: ${{ vars.AWS_REGION }}", "aws-region: eu-central-1"},
		"an environment of any branch":     {"main", "deploy", "    if: ${{ !failure() && !cancelled() && github.ref == 'refs/heads/main' && needs.build", "    if: ${{ !failure() && !cancelled() && needs.build"},
		"a network of any branch":          {"main", "deploy-environment", "    if: github.ref == 'refs/heads/main'\n", ""},
		"a release of any branch":          {"main", "deploy-environment", " && github.ref == 'refs/heads/main' }}", " }}"},
		"an apply of any branch":           {"main", "terraform", "    if: github.ref == 'refs/heads/main' && needs.changed", "    if: needs.changed"},
		"a job without an end":             {"timeouts", "ci", "    timeout-minutes: 20\n", ""},
		"a job that outlasts its session":  {"timeouts", "deploy-environment", "timeout-minutes: 120", "timeout-minutes: 360"},
		"a shell without pipefail":         {"shell", "terraform", "    shell: bash # with pipefail\n", "    shell: sh\n"},
		"a token left in the work tree":    {"checkout", "deploy", "persist-credentials: false", "persist-credentials: true"},
		"a key":                            {"secrets", "ci", "run: make ci REPRODUCIBLE=", "run: make ci REPRODUCIBLE=\n        env: {AWS_SECRET_ACCESS_KEY: \"${{ secrets.AWS_SECRET_ACCESS_KEY }}\"}"},
	}
	seen := map[string]bool{}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(all[fault.workflow].text, fault.old) {
				t.Fatalf("%s.yml has no %q any more", fault.workflow, fault.old)
			}
			w, err := parse(fault.workflow, strings.Replace(all[fault.workflow].text, fault.old, fault.new, 1))
			if err != nil {
				t.Fatal(err)
			}
			if problems := rules[fault.rule].check(w); len(problems) == 0 {
				t.Errorf("the rule %s finds nothing wrong with it", fault.rule)
			}
		})
		seen[fault.rule] = true
	}
	for name := range rules {
		if !seen[name] {
			t.Errorf("no fault on purpose tries the rule %s", name)
		}
	}
}

// An action has the same version in all workflows, as do programs.
func TestWorkflows_Versions_AreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	versions := map[string]map[string][]string{} // what, version, where
	note := func(what, version, where string) {
		if versions[what] == nil {
			versions[what] = map[string][]string{}
		}
		versions[what][version] = append(versions[what][version], where)
	}
	for _, w := range load(t) {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				action, commit, _ := strings.Cut(s.Uses, "@")
				if action == "" {
					continue
				}
				note(action, commit, w.name+"/"+name)
				for _, input := range []string{"terraform_version", "cosign-release", "go-version-file", "version"} {
					note(action+" "+input, s.With[input], w.name+"/"+name)
				}
			}
		}
	}
	for what, by := range versions {
		if len(by) > 1 {
			t.Errorf("%s has several versions: %v", what, by)
		}
	}
}
