package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tracehaul/tracehaul/internal/deploytest"
)

// The scripts in testdata/deploy run the commands of a deploy as a workflow does.
// In them, "aws CASE" replays what AWS answered in a case of package deploy,
// "grafana" starts one, and "annotations FILE" writes down what it has.
func TestDeploy_Scripts(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	recorded := filepath.Join(root, "deploy", "testdata")
	grafanas := map[string]*deploytest.Grafana{} // by address
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "deploy"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("REFERENCE", filepath.Join(root, "pipeline", "testdata", "reference"))
			e.Setenv("AWS_ACCESS_KEY_ID", "AKID")
			e.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"aws": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv("AWS_ENDPOINT_URL", deploytest.Replay(t, filepath.Join(recorded, args[0]), filepath.Join(recorded, "usual")).URL)
			},
			"grafana": func(ts *testscript.TestScript, _ bool, _ []string) {
				g := deploytest.StartGrafana(t)
				grafanas[g.URL] = g
				ts.Setenv("GRAFANA_URL", g.URL)
				ts.Setenv("TOKEN", deploytest.Token)
			},
			"annotations": func(ts *testscript.TestScript, _ bool, args []string) {
				b, err := json.MarshalIndent(grafanas[ts.Getenv("GRAFANA_URL")].Annotations(), "", "  ")
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
			},
		},
	})
}
