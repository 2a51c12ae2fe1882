package workflows_test

import (
	"strings"
	"testing"
)

// orders are what an environment can have been deployed with, and whether the
// commit in the work tree may follow it.
var orders = map[string]struct {
	own, deployed string // of a repository with the commits first and second, and another branch
	rollback      bool
	refused       bool
	says          string
}{
	"nothing was deployed":       {own: "second"},
	"the next commit":            {own: "second", deployed: "first"},
	"the same once again":        {own: "second", deployed: "second"},
	"a slower build":             {own: "first", deployed: "second", refused: true, says: "FIRST is older than SECOND, which prod was deployed with"},
	"main was written anew":      {own: "second", deployed: "aside", refused: true, says: "ASIDE, which is not among the commits before SECOND"},
	"a commit that is gone":      {own: "second", deployed: commit, refused: true, says: "which is not among the commits before SECOND"},
	"a rollback":                 {own: "first", deployed: "second", rollback: true, says: "::warning title=backwards::FIRST is older than SECOND"},
	"a rollback to a new main":   {own: "second", deployed: "aside", rollback: true, says: "::warning title=backwards::"},
	"a rollback of what is gone": {own: "second", deployed: commit, rollback: true, says: "::warning title=backwards::"},
	"a rollback that is none":    {own: "second", deployed: "first", rollback: true},
}

// history makes the repository that orders are about, with the commit own checked
// out, and returns what was deployed and what is to be said.
func history(t *testing.T, dir, own, deployed, says string) (was, want string) {
	t.Helper()
	first, second := commits(t, dir, "iac/terraform/network/new.tf")
	git(t, dir, "checkout", "--quiet", "-b", "aside", first)
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "aside")
	aside := git(t, dir, "rev-parse", "HEAD")
	names := map[string]string{"first": first, "second": second, "aside": aside}
	git(t, dir, "checkout", "--quiet", names[own])
	if was = names[deployed]; was == "" {
		was = deployed
	}
	return was, strings.NewReplacer("FIRST", first, "SECOND", second, "ASIDE", aside).Replace(says)
}

// The older of two commits takes nothing away from the newer one: neither its
// release, which goes by what was noted, nor its network, by GitHub's deployments.
func TestRelease_OlderCommit_IsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range orders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t, "preflight-clean", "consumer-canary-succeeds", "by-version")
			was, says := history(t, r.dir, test.own, test.deployed, test.says)
			if was != "" {
				note(t, r.runner, was)
			}
			r.contexts["inputs"].(map[string]any)["rollback"] = test.rollback
			if went := r.run(t); went == test.refused {
				t.Errorf("the release succeeds: %v\n%s", went, r.log.String())
			}
			if !strings.Contains(r.log.String(), says) {
				t.Errorf("nothing says %q:\n%s", says, r.log.String())
			}
			if calls := strings.Join(r.calls(t), ""); test.refused && strings.Contains(calls, " apply ") {
				t.Errorf("something is applied:\n%s", calls)
			}
		})
	}
}

func TestTerraform_OlderCommit_IsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range orders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newTerraform(t, workTree(t), "push")
			was, says := history(t, r.dir, test.own, test.deployed, test.says)
			if was != "" {
				lastDeployed(t, r, was)
			}
			r.contexts["inputs"] = map[string]any{"environment": "prod", "rollback": test.rollback}
			if went := r.run(t, load(t)["terraform"].Jobs["changed"]); went == test.refused {
				t.Errorf("the job succeeds: %v\n%s", went, r.log.String())
			}
			if !strings.Contains(r.log.String(), says) {
				t.Errorf("nothing says %q:\n%s", says, r.log.String())
			}
		})
	}
}

// Jobs that compare commits have all of them, and the input gets to them.
func TestRollback_InputAndHistory_GetThere(t *testing.T) {
	t.Parallel()
	all := load(t)
	for where, s := range runs(all) {
		workflow, rest, _ := strings.Cut(where, "/")
		job, _, _ := strings.Cut(rest, ":")
		if !strings.Contains(s.Run, "/forwards.sh") {
			continue
		}
		if got := s.Env["ROLLBACK"]; got != "${{ inputs.rollback }}" {
			t.Errorf("%s: ROLLBACK is %q, want the input", where, got)
		}
		for _, other := range all[workflow].Jobs[job].Steps {
			if strings.HasPrefix(other.Uses, "actions/checkout@") && other.With["fetch-depth"] != "0" {
				t.Errorf("%s: fetch-depth is %q, want 0", where, other.With["fetch-depth"])
			}
		}
	}
	for job, want := range map[string]string{"deploy/dev": "true", "deploy/staging": "true", "deploy/prod": "true", "deploy-environment/terraform": "true"} {
		workflow, name, _ := strings.Cut(job, "/")
		for input, want := range map[any]string{true: want, false: "false"} {
			s := scope{contexts: map[string]any{"inputs": map[string]any{"rollback": input}}}
			if got, err := s.interpolate(all[workflow].Jobs[name].With["rollback"]); err != nil || got != want {
				t.Errorf("%s: with rollback %v it gets %q, %v, want %s", job, input, got, err, want)
			}
		}
	}
}
