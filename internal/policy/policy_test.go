package policy_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/policy"
)

// roots are the modules that somebody applies.
var roots = []string{"bootstrap", "network", "data", "events", "service", "observability"}

// tree reads the real modules.
func tree(t *testing.T) (policy.Files, map[string]*policy.Module) {
	t.Helper()
	files, err := policy.ReadFiles(os.DirFS("../../iac/terraform"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := policy.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return files, modules
}

func check(t *testing.T, modules map[string]*policy.Module) (findings []policy.Finding, unused []policy.Exception) {
	t.Helper()
	findings, unused, err := policy.Check(modules, roots, policy.Exceptions)
	if err != nil {
		t.Fatal(err)
	}
	return findings, unused
}

func TestModules_KeepTheRules(t *testing.T) {
	_, modules := tree(t)
	findings, unused := check(t, modules)
	for _, f := range findings {
		t.Error(f)
	}
	for _, e := range unused {
		t.Errorf("nothing needs this exception any more: %s, %s, %s %q (%s)", e.Rule, e.Dir, e.What, e.Values, e.Reason)
	}
}

func TestModules_AllAreChecked(t *testing.T) {
	_, modules := tree(t)
	reached := policy.Reached(modules, roots)
	for dir := range modules {
		if !reached[dir] {
			t.Errorf("no root module of this test calls %s: its text is not checked", dir)
		}
	}
}

func TestExceptions_HaveReasons(t *testing.T) {
	for _, e := range policy.Exceptions {
		if len(e.Reason) < 4 {
			t.Errorf("%s, %s, %s: want a reason, not %q", e.Rule, e.Dir, e.What, e.Reason)
		}
	}
}

func TestCheck_ExceptionThatNothingNeeds_IsReturned(t *testing.T) {
	_, modules := tree(t)
	stale := policy.Exception{Rule: "action", Dir: "service", What: "Publish", Values: []string{"sns:*"}, Reason: "once"}
	partly := policy.Exceptions[0]
	partly.Values = append(slices.Clone(partly.Values), "AWS *")
	_, unused, err := policy.Check(modules, roots, append(slices.Clone(policy.Exceptions[1:]), stale, partly))
	if err != nil {
		t.Fatal(err)
	}
	partly.Values = []string{"AWS *"}
	if diff := cmp.Diff([]policy.Exception{stale, partly}, unused); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Every fault is put into the text of the real modules, alone, and found.
func TestSeededFaults_AreFound(t *testing.T) {
	files, modules := tree(t)
	seen := map[string]bool{}
	faults := maps.Clone(seeded)
	maps.Copy(faults, seededChanges)
	maps.Copy(faults, seededRights)
	for name, fault := range faults {
		seen[fault.rule] = true
		t.Run(name, func(t *testing.T) {
			old, ok := files[fault.file]
			if !ok {
				t.Fatalf("there is no %s", fault.file)
			}
			if !bytes.Contains(old, []byte(fault.old)) {
				t.Fatalf("%s does not have the text %q any more", fault.file, fault.old)
			}
			broken, err := policy.Replace(modules, fault.file, bytes.Replace(old, []byte(fault.old), []byte(fault.new), 1))
			if err != nil {
				t.Fatal(err)
			}
			findings, _ := check(t, broken)
			for _, f := range findings {
				if f.Rule == fault.rule && strings.Contains(f.String(), fault.says) {
					return
				}
			}
			t.Errorf("want a finding of rule %s that says %q, got %v", fault.rule, fault.says, findings)
		})
	}
	for _, r := range policy.Rules() {
		if !seen[r.Name] {
			t.Errorf("no seeded fault breaks the rule %s", r.Name)
		}
	}
}
