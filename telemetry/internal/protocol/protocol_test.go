package protocol_test

import (
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/internal/protocol"
)

func TestVersion_ByTheConventions(t *testing.T) {
	t.Parallel()
	for proto, want := range map[string]string{"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/3.0": "3", "HTTP/9.9": "", "-": "", "": ""} {
		if got := protocol.Version(proto); got != want {
			t.Errorf("%q is %q, want %q", proto, got, want)
		}
	}
}
