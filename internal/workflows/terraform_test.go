package workflows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// repository makes a work tree with two commits, of which the second has changed
// files or moved them ("from -> to"), and returns the first one.
func repository(t *testing.T, changed ...string) (dir, first string) {
	t.Helper()
	dir = workTree(t)
	first, _ = commits(t, dir, changed...)
	return dir, first
}

// commits makes a directory a repository with two commits, of which the second has
// changed files or moved them.
func commits(t *testing.T, dir string, changed ...string) (first, second string) {
	t.Helper()
	git(t, dir, "init", "--quiet", "--initial-branch=main")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "--quiet", "--message", "first")
	first = git(t, dir, "rev-parse", "HEAD")
	for _, name := range changed {
		if from, to, moved := strings.Cut(name, " -> "); moved {
			git(t, dir, "mv", from, to)
		} else {
			writeFile(t, dir, name, "# changed\n")
		}
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "second")
	return first, git(t, dir, "rev-parse", "HEAD")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/local/bin:/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// newTerraform runs jobs of terraform.yml for prod.
func newTerraform(t *testing.T, dir, event string) *runner {
	t.Helper()
	r := newRunner(t, dir)
	r.contexts["matrix"] = map[string]any{"environment": "prod"}
	r.contexts["vars"] = map[string]any{"AWS_REGION": "eu-central-1", "STATE_BUCKET_PROD": "state", "STATE_BUCKET": "state", "ENVIRONMENTS": `["prod"]`}
	r.contexts["github"].(map[string]any)["event_name"] = event
	return r
}

// note is what a deploy of a commit to prod has noted.
func note(t *testing.T, r *runner, commit string) {
	t.Helper()
	writeFile(t, r.env["ANSWERS"], "noted/release.json", `{"commit": "`+commit+`", "packages": {
		"consumer": {"key": "c.zip", "sha256": "Yw=="}, "migrate": {"key": "m.zip", "sha256": "bQ=="}, "notifier-prod": {"key": "n.zip", "sha256": "bg=="}}}`)
	writeFile(t, r.env["ANSWERS"], "noted/bootstrap.json", `{"packages_bucket": {"value": "packages"}}`)
	writeFile(t, r.env["ANSWERS"], "noted/variables.json", `{"network": {"endpoint_zones": 1}}`)
}

// lastDeployed has GitHub say which commit a job has deployed. One that failed is
// none, nor is one that still goes on.
func lastDeployed(t *testing.T, r *runner, commit string) {
	t.Helper()
	writeFile(t, r.env["ANSWERS"], "gh-api", `{"data":{"repository":{"deployments":{"nodes":[
		{"commitOid":"a","statuses":{"nodes":[{"state":"IN_PROGRESS"},{"state":"QUEUED"}]}},
		{"commitOid":"b","statuses":{"nodes":[{"state":"FAILURE"}]}},
		{"commitOid":"`+commit+`","statuses":{"nodes":[{"state":"INACTIVE"},{"state":"SUCCESS"}]}},
		{"commitOid":"c","statuses":{"nodes":[{"state":"SUCCESS"}]}}]}}}}`)
}

// commands are the calls of a program, without terraform's init.
func commands(t *testing.T, r *runner, program string) (calls []string) {
	t.Helper()
	for _, call := range r.calls(t) {
		if strings.HasPrefix(call, program+" ") && !strings.Contains(call, " init ") {
			calls = append(calls, strings.TrimSpace(call))
		}
	}
	return calls
}

func TestTerraform_PullRequest_PlansWhatHasChanged(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, "iac/terraform/network/logs.tf -> iac/terraform/service/logs.tf", "README.md")
	r := newTerraform(t, dir, "pull_request")
	note(t, r, commit)
	writeFile(t, r.env["ANSWERS"], "terraform-service-plan", "Plan: 1 to add, 0 to change, 0 to destroy.")
	writeFile(t, r.env["ANSWERS"], "terraform-service-plan.code", "2")
	if !r.run(t, load(t)["terraform"].Jobs["plan"]) {
		t.Error(r.log.String())
	}
	want := []string{
		"terraform -chdir=network plan -var-file=$RUNNER_TEMP/variables/network.tfvars.json -lock=false -detailed-exitcode -no-color",
		"terraform -chdir=service plan -var-file=$RUNNER_TEMP/variables/service.tfvars.json -lock=false -detailed-exitcode -no-color",
	}
	if diff := gocmp.Diff(want, commands(t, r, "terraform")); diff != "" {
		t.Errorf("plans (-want +got):\n%s\n%s", diff, r.log.String())
	}
	for _, want := range []string{"<summary>network of prod: nothing to change<", "<summary>service of prod: Plan: 1 to add, 0 to change, 0 to destroy.<"} {
		if got := r.summary(t); !strings.Contains(got, want) {
			t.Errorf("the summary has no %q: %q", want, got)
		}
	}
}

func TestTerraform_PlanFails_FailsTheJob(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, "iac/terraform/network/new.tf")
	r := newTerraform(t, dir, "pull_request")
	note(t, r, commit)
	writeFile(t, r.env["ANSWERS"], "terraform-network-plan.fails", "no such region")
	if r.run(t, load(t)["terraform"].Jobs["plan"]) || !strings.Contains(r.log.String(), "network of prod cannot be planned") {
		t.Errorf("the job succeeds:\n%s", r.log.String())
	}
}

func TestTerraform_Drift(t *testing.T) {
	t.Parallel()
	drift := load(t)["terraform"].Jobs["drift"]
	for name, test := range map[string]struct {
		code     string // of service's plan
		deployed bool
		goesWell bool
		plans    int
	}{
		"all is as it was applied": {code: "0", deployed: true, goesWell: true, plans: 6},
		"changed by hand":          {code: "2", deployed: true, goesWell: false, plans: 6},
		"nothing is there":         {code: "0", deployed: false, goesWell: true, plans: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, first := repository(t, "iac/terraform/network/new.tf")
			r := newTerraform(t, dir, "schedule")
			if test.deployed {
				note(t, r, first)
			}
			writeFile(t, r.env["ANSWERS"], "terraform-service-plan.code", test.code)
			if got := r.run(t, drift); got != test.goesWell {
				t.Errorf("the job succeeds: %v, want %v\n%s", got, test.goesWell, r.log.String())
			}
			if got := commands(t, r, "terraform"); len(got) != test.plans {
				t.Errorf("plans: %v, want %d", got, test.plans)
			}
			// What main has and the environment has not is no drift.
			if _, err := os.Stat(filepath.Join(dir, "iac/terraform/network/new.tf")); os.IsNotExist(err) != test.deployed {
				t.Errorf("it is not the commit that was deployed that is compared: %v", err)
			}
		})
	}
}

// On main the modules without versions are applied that have changed since the
// last deploy here, and the administrator is told of his.
func TestTerraform_OnMain_AppliesWhatHasChanged(t *testing.T) {
	t.Parallel()
	jobs := load(t)["terraform"].Jobs
	for name, test := range map[string]struct {
		changed []string
		last    bool // whether there was a deploy
		modules string
		warns   bool
	}{
		"a first deploy":          {last: false, modules: "network", warns: true},
		"nothing":                 {last: true},
		"the network":             {last: true, changed: []string{"iac/terraform/network/new.tf"}, modules: "network"},
		"a file of it was moved":  {last: true, changed: []string{"iac/terraform/network/logs.tf -> iac/terraform/data/logs.tf"}, modules: "network"},
		"what the release brings": {last: true, changed: []string{"iac/terraform/service/new.tf", "iac/terraform/data/new.tf"}},
		"the administrator's":     {last: true, changed: []string{"iac/terraform/bootstrap/new.tf"}, warns: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, first := repository(t, test.changed...)
			r := newTerraform(t, dir, "push")
			r.contexts["inputs"] = map[string]any{"environment": "prod"}
			if test.last {
				lastDeployed(t, r, first)
			}
			if !r.run(t, jobs["changed"]) {
				t.Fatal(r.log.String())
			}
			done := r.contexts["needs"].(map[string]any)["done"]
			r.contexts["needs"] = map[string]any{"changed": done}
			if got := done.(map[string]any)["outputs"].(map[string]any)["modules"]; got != test.modules {
				t.Errorf("modules are %q, want %q\n%s", got, test.modules, r.log.String())
			}
			if got := strings.Contains(r.log.String(), "::warning::bootstrap has changed"); got != test.warns {
				t.Errorf("warns: %v, want %v\n%s", got, test.warns, r.log.String())
			}
			runs, err := r.holds(jobs["apply"].If)
			if err != nil || runs != (test.modules != "") {
				t.Fatalf("the job apply runs: %v, %v", runs, err)
			}
			if !runs {
				return
			}
			r.contexts["vars"].(map[string]any)["TERRAFORM_VARIABLES"] = `{"network": {"endpoint_zones": 1}}`
			if !r.run(t, jobs["apply"]) {
				t.Fatal(r.log.String())
			}
			want := []string{"terraform -chdir=network apply -var-file=$RUNNER_TEMP/variables/network.tfvars.json -auto-approve -lock-timeout=10m"}
			if diff := gocmp.Diff(want, commands(t, r, "terraform")); diff != "" {
				t.Errorf("applies (-want +got):\n%s", diff)
			}
		})
	}
}

// A job of a called workflow runs where it is meant to, and only there.
func TestTerraform_Jobs_RunWhereTheyAreMeantTo(t *testing.T) {
	t.Parallel()
	own := map[string]any{"pull_request": map[string]any{"head": map[string]any{"repo": map[string]any{"full_name": "tracehaul/tracehaul"}}}}
	fork := map[string]any{"pull_request": map[string]any{"head": map[string]any{"repo": map[string]any{"full_name": "somebody/tracehaul"}}}}
	for name, test := range map[string]struct {
		event       string
		payload     map[string]any
		environment any
		want        string
	}{
		"a pull request":           {"pull_request", own, nil, "plan"},
		"a fork's pull request":    {"pull_request", fork, nil, ""},
		"every night":              {"schedule", nil, nil, "drift"},
		"called by deploy on main": {"push", nil, "prod", "changed"},
		"a first deploy":           {"workflow_dispatch", nil, "prod", "changed"},
	} {
		r := newTerraform(t, "", test.event)
		r.contexts["github"].(map[string]any)["event"] = test.payload
		r.contexts["inputs"] = map[string]any{"environment": test.environment}
		for _, job := range []string{"plan", "drift", "changed"} {
			runs, err := r.holds(load(t)["terraform"].Jobs[job].If)
			if err != nil || runs != (job == test.want) {
				t.Errorf("%s: the job %s runs: %v, %v", name, job, runs, err)
			}
		}
	}
}
