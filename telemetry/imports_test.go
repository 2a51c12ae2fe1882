package telemetry_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A Lambda that speaks OTLP over HTTP links neither gRPC nor protobuf: each
// makes it larger and its start slower.
func TestImports_NoGRPCNoProtobuf(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		for _, banned := range []string{"google.golang.org/", "github.com/tracehaul/tracehaul/telemetry/otlpgrpc"} {
			if strings.HasPrefix(dep, banned) {
				t.Errorf("the package links %s", dep)
			}
		}
	}
}
