//go:build unix

package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zips stands in for build/lambda.sh, which the release tests run.
const zips = `#!/bin/bash
set -e
[ -s "$RDS_CA_FILE" ]
[ "$1" != --pin ] || exit 0
mkdir -p dist/lambda
for name in consumer migrate notifier albspans; do echo "$name $1" >dist/lambda/$name.zip; done
`

// steps are what Terraform does, in order: "apply network", with what is switched
// off.
func steps(t *testing.T, calls []call) (all []string) {
	t.Helper()
	for _, c := range calls {
		if c[0] != "terraform" {
			continue
		}
		for _, problem := range wrong(t, c) {
			t.Errorf("%q: %s", c, problem)
		}
		dir, rest := c.chdir()
		if rest[0] != "apply" && rest[0] != "destroy" {
			continue
		}
		step := []string{rest[0], filepath.Base(dir)}
		for _, off := range []string{"rollback_alarms=false", "actions_enabled=false"} {
			if slices.Contains(rest, off) {
				step = append(step, off)
			}
		}
		all = append(all, strings.Join(step, " "))
	}
	return all
}

func TestDeployFromNothing_Runs(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.write(t, "build/lambda.sh", zips)
	out, err := s.run(t, strings.Join(blocks(readPage(t, "deploy-from-nothing.md"), "sh"), "\n"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	calls := s.calls(t)
	want := []string{
		"apply bootstrap", "apply network", "apply data",
		"apply events rollback_alarms=false", "apply service rollback_alarms=false", "apply observability actions_enabled=false",
		"apply network", // for a look at the database
		"apply events", "apply service", "apply observability",
	}
	if diff := cmp.Diff(want, steps(t, calls)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	for _, printed := range []string{"accepted", "send dev-orders-order", `"applied":["00001_events.sql"]`, "STATE_BUCKET=dev-orders-state-111122223333"} {
		if !strings.Contains(out, printed) {
			t.Errorf("%q is not printed:\n%s", printed, out)
		}
	}
	// The packages that Terraform is told of were uploaded before, under that name.
	uploaded := map[string]bool{}
	for _, c := range calls {
		if slices.Equal(c[:min(3, len(c))], call{"aws", "s3api", "put-object"}) {
			uploaded[c[slices.Index(c, "--key")+1]] = true
		}
		for _, arg := range c {
			if _, after, ok := strings.Cut(arg, `"key":"`); ok && c[0] == "terraform" {
				if key, _, _ := strings.Cut(after, `"`); !uploaded[key] {
					t.Errorf("%s is not uploaded, but given to %s", key, c[1])
				}
			}
		}
	}
	if len(uploaded) != 4 {
		t.Errorf("uploaded are %v, want migrate, consumer, albspans and notifier", uploaded)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "iac/terraform/bootstrap/backend_override.tf")); err == nil {
		t.Error("the override of the backend is still there")
	}
}

func TestTearDown_Runs(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	out, err := s.run(t, strings.Join(blocks(readPage(t, "tear-down.md"), "sh"), "\n"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	calls := s.calls(t)
	want := []string{"destroy observability", "destroy service", "destroy events", "destroy data", "destroy network", "destroy bootstrap"}
	if diff := cmp.Diff(want, steps(t, calls)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	checkGuards(t, calls)
	var emptied []string
	for _, c := range calls {
		if slices.Equal(c[:min(3, len(c))], call{"aws", "s3api", "delete-objects"}) || slices.Equal(c[:min(3, len(c))], call{"aws", "s3api", "delete-bucket"}) {
			emptied = append(emptied, c[2]+" "+c[4])
		}
	}
	wantEmptied := []string{
		"delete-objects dev-orders-state-111122223333", "delete-bucket dev-orders-state-111122223333",
		"delete-objects dev-orders-packages-111122223333", "delete-bucket dev-orders-packages-111122223333",
	}
	if diff := cmp.Diff(wantEmptied, emptied); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
}

// checkGuards wants everything that may not be destroyed to be forgotten before its
// module is: prevent_destroy fails the whole of it.
func checkGuards(t *testing.T, calls []call) {
	t.Helper()
	forgotten := map[string][]string{}
	for _, c := range calls {
		if c[0] != "terraform" {
			continue
		}
		dir, rest := c.chdir()
		switch rest[0] {
		case "state":
			forgotten[dir] = append(forgotten[dir], rest[2:]...)
		case "destroy":
			for _, address := range guarded(t, dir, "") {
				if !slices.Contains(forgotten[dir], address) {
					t.Errorf("%s may not be destroyed, and is in the state of %s", address, dir)
				}
			}
		}
	}
	if got := guarded(t, "iac/terraform/bootstrap", ""); len(got) != 3 {
		t.Errorf("guarded in bootstrap are %v, want the environment and two buckets: are they found?", got)
	}
}

// guarded are the resources of a module, and of those that it calls, with
// prevent_destroy.
func guarded(t *testing.T, dir, prefix string) (addresses []string) {
	t.Helper()
	text := moduleText(t, dir)
	for block := range strings.SplitSeq(text, "\n}\n") {
		if m := resourceForm.FindStringSubmatch(block); m != nil && strings.Contains(block, "prevent_destroy = true") {
			addresses = append(addresses, prefix+m[1]+"."+m[2])
		}
	}
	for _, m := range moduleForm.FindAllStringSubmatch(text, -1) {
		addresses = append(addresses, guarded(t, filepath.Join(dir, filepath.FromSlash(m[2])), prefix+"module."+m[1]+".")...)
	}
	return addresses
}

// A page that is wrong is found: the test runs what stands there.
func TestRun_FaultsOnPurpose_Fail(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	for name, commands := range map[string]string{
		"a command that there is not":  "go run ./cmd/tracehaul pipeline verify",
		"a flag that there is not":     "go run ./cmd/tracehaul deploy preflight --env dev",
		"a variable that nobody sets":  `echo "$NONE"`,
		"a script that is not there":   "build/lambdas.sh dev",
		"a name that is none of these": `eval "$(go run ./cmd/tracehaul pipeline env -e dev)"; echo "$REPOSITORY"`,
	} {
		if out, err := s.run(t, commands); err == nil {
			t.Errorf("%s: %q succeeds:\n%s", name, commands, out)
		}
	}
	if out, err := s.run(t, "go run ./cmd/tracehaul deploy preflight -e dev --codedeploy-group live"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
