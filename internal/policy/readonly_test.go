package policy_test

import (
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/policy"
)

// readData are those of the actions that no statement denies.
func readData(statements []policy.Statement, actions []string) (left []string) {
	for _, action := range actions {
		if !slices.ContainsFunc(statements, func(s policy.Statement) bool {
			return !s.Allows() && slices.ContainsFunc(s.Actions, func(pattern string) bool {
				ok, err := path.Match(pattern, action)
				return err == nil && ok
			})
		}) {
			left = append(left, action)
		}
	}
	return left
}

// dataActions are the actions of ReadOnlyAccess that read what is stored or sent,
// and not how it is set up.
func dataActions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/readonly.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Reads []string `json:"reads"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Reads) < 100 {
		t.Fatalf("testdata/readonly.json has %d actions, want them all", len(file.Reads))
	}
	return file.Reads
}

func TestWorkflows_ReadNoData(t *testing.T) {
	files, modules := tree(t)
	denials := func(modules map[string]*policy.Module) []policy.Statement {
		for _, r := range policy.RolePolicies(modules, roots) {
			if r.Path == "bootstrap" && r.Name == "aws_iam_role_policy.no_data" {
				return r.Statements
			}
		}
		t.Fatal("there is no aws_iam_role_policy.no_data in bootstrap")
		return nil
	}
	if left := readData(denials(modules), dataActions(t)); len(left) > 0 {
		t.Errorf("ReadOnlyAccess reads data, and bootstrap/no_data.tf does not deny it: %s", strings.Join(left, ", "))
	}

	const file = "bootstrap/no_data.tf"
	for _, action := range []string{"dynamodb:PartiQL*", "ssm:GetParameter*", "cognito-idp:ListUsers*", "logs:GetQueryResults", "kinesis:GetRecords", "s3:GetObject*"} {
		broken, err := policy.Replace(modules, file, []byte(strings.Replace(string(files[file]), `"`+action+`"`, `"none:None"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if len(readData(denials(broken), dataActions(t))) == 0 {
			t.Errorf("nobody notices that %s is denied no more", action)
		}
	}
}
