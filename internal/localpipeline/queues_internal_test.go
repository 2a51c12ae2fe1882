//go:build unix

package localpipeline

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestQueueBytes_AreTerraforms(t *testing.T) {
	const file = "../../iac/terraform/modules/consumer/queues.tf"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("max_message_bytes = %d\n", queueBytes); !strings.Contains(string(text), want) {
		t.Errorf("%s has no %q: queues here take something else than those of AWS", file, want)
	}
}
