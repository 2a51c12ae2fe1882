package awssdk_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Clients have tables of endpoints and schemas that every program that links
// them reads into memory when it starts.
func TestPackage_LinksNoClient(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), services+"sns/types\n") {
		t.Fatal("go list does not name what this package imports")
	}
	for p := range strings.Lines(string(out)) {
		if client, ok := strings.CutPrefix(strings.TrimSpace(p), services); ok && !strings.Contains(client, "/") {
			t.Errorf("the client of %s is linked", client)
		}
	}
}

const services = "github.com/aws/aws-sdk-go-v2/service/"
