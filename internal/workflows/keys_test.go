package workflows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A rehearsal of what happens when Cognito changes its keys. The service checks
// tokens with the keys that it was deployed with; the night after the change plans it
// with the new ones, so that the difference shows as drift; and the next deploy, of
// whatever commit, brings them.
func TestKeys_CognitoChangesThem_DriftShowsIt_DeployMendsIt(t *testing.T) {
	t.Parallel()
	const before, after = `{"keys":[{"kid":"before"}]}`, `{"keys":[{"kid":"after"}]}`
	deployed := func(keys string) release {
		t.Helper()
		r := newRelease(t, "preflight-clean", "consumer-canary-succeeds", "by-version")
		writeFile(t, r.env["ANSWERS"], "curl", keys)
		if !r.run(t) {
			t.Fatalf("the release fails:\n%s", r.log.String())
		}
		return r
	}
	has := func(variables, kid, when string) {
		t.Helper()
		for _, other := range []string{"before", "after"} {
			if got := strings.Contains(variables, `\"kid\":\"`+other+`\"`); got != (other == kid) {
				t.Errorf("%s the service has the key %s: %v, want the key %s alone:\n%s", when, other, got, kid, variables)
			}
		}
	}
	first := deployed(before)
	has(first.variables(t, "service"), "before", "deployed")

	// The night has what that deploy has noted, and asks for the keys anew.
	bootstrap, err := os.ReadFile(filepath.Join(first.dir, "noted", "bootstrap.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir, commit := repository(t)
	night := newTerraform(t, dir, "schedule")
	note(t, night, commit)
	writeFile(t, night.env["ANSWERS"], "noted/bootstrap.json", string(bootstrap))
	writeFile(t, night.env["ANSWERS"], "curl", after)
	writeFile(t, night.env["ANSWERS"], "terraform-service-plan", "      ~ AUTH_JWKS\nPlan: 1 to add, 1 to change, 1 to destroy.")
	writeFile(t, night.env["ANSWERS"], "terraform-service-plan.code", "2")
	if night.run(t, load(t)["terraform"].Jobs["drift"]) || !strings.Contains(night.summary(t), "service of prod: Plan: 1 to add") {
		t.Errorf("the night does not show it:\n%s\n%s", night.log.String(), night.summary(t))
	}
	planned, err := os.ReadFile(filepath.Join(night.temp, "variables", "service.tfvars.json"))
	if err != nil {
		t.Fatal(err)
	}
	has(string(planned), "after", "planned by night")
	want := "terraform -chdir=service plan -var-file=$RUNNER_TEMP/variables/service.tfvars.json "
	if plans := strings.Join(commands(t, night, "terraform"), "\n"); !strings.Contains(plans, want) {
		t.Errorf("no plan of the service has these variables:\n%s", plans)
	}

	has(deployed(after).variables(t, "service"), "after", "deployed again")
}

// docs/delivery.md says so.
func TestKeys_AreDocumented(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(read(t, "docs", "delivery.md")) {
		if strings.HasPrefix(line, "| drift, `AUTH_JWKS` ") && strings.Contains(line, "deploy") {
			return
		}
	}
	t.Error("docs/delivery.md has no row that says what drift of AUTH_JWKS means, and that a deploy mends it")
}
