package calls_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/policy/calls"
)

const root = "../../.."

func of(t *testing.T, program string) map[string]string {
	t.Helper()
	made, err := calls.Of(root, program)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestOf_EveryWayToCall_IsSeen(t *testing.T) {
	made := of(t, "./internal/policy/calls/testdata/program")
	want := []string{"dynamodb.GetItem", "dynamodb.Query", "sns.Publish", "sqs.GetQueueUrl", "sqs.SendMessage"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(made))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if at := made["dynamodb.GetItem"]; !strings.HasPrefix(at, "internal/policy/calls/testdata/program/main.go:") {
		t.Errorf("dynamodb.GetItem is said to stand at %s", at)
	}
}

// The service publishes and sends telemetry; whoever adds a call adds it here, and
// to the role.
func TestOf_Service(t *testing.T) {
	want := []string{"signer/v4.SignHTTP", "sns.PublishBatch"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(of(t, "./cmd/service")))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOf_NoProgram_IsAnError(t *testing.T) {
	for _, program := range []string{"./pipeline", "./cmd/nothing"} {
		if made, err := calls.Of(root, program); err == nil {
			t.Errorf("%s: got %v, want an error", program, made)
		}
	}
}
