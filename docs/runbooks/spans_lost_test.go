//go:build unix

package runbooks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/docs/runbooks"
	"github.com/tracehaul/tracehaul/internal/unchecked"
)

// fakeAWS is an aws that has letters in files of its directory. It notes what it is
// asked, gives no letter to a poll that does not wait, and fails where a file says so.
const fakeAWS = `#!/bin/bash
cd "$(dirname "$0")"
echo "$*" >> calls
[[ "$*" == *"--region eu-central-1"* ]] || { echo "no region" >&2; exit 252; }
case "$2" in
get-queue-url) echo https://sqs/albspans-dlq ;;
receive-message)
  [ -e fail-receive ] && { echo AccessDenied >&2; exit 254; }
  [[ "$*" == *"--wait-time-seconds 20"* ]] || exit 0
  for f in letter-*; do [ -e "$f" ] && cat "$f"; break; done ;;
invoke)
  echo '{"errorMessage":"no"}' > answer
  if [ -e fail-invoke ]; then echo Unhandled; else echo None; fi ;;
delete-message)
  [ -e fail-delete ] && { echo AccessDenied >&2; exit 254; }
  rm "letter-$(sed 's/.*--receipt-handle \([0-9]*\).*/\1/' <<< "$*")" ;;
esac
`

// The loop that reads files again goes through all letters, waits for those that a
// short poll would not find, and says why it ends.
func TestSpansLost_Loop_ReadsAllOrSaysWhy(t *testing.T) {
	for _, program := range []string{"bash", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			unchecked.Skip(t, "runbook-loop", err.Error())
		}
	}
	unchecked.Checked(t, "runbook-loop")
	text, err := runbooks.Files.ReadFile("spans-lost.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "- **Read the files again**")
	_, rest, _ = strings.Cut(rest, "```sh\n")
	loop, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("there is no loop")
	}
	for fault, test := range map[string]struct {
		want string
		left int
	}{
		"":             {"no letter is left", 0},
		"fail-receive": {"the queue cannot be read", 2},
		"fail-invoke":  {"not read: ", 2},
		"fail-delete":  {"read, but still in the queue", 2},
	} {
		dir := t.TempDir()
		write := func(name, content string, mode os.FileMode) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
				t.Fatal(err)
			}
		}
		write("aws", fakeAWS, 0o755)
		for _, n := range []string{"1", "2"} {
			write("letter-"+n, `{"Messages":[{"Body":"{\"Records\":[]}","ReceiptHandle":"`+n+`"}]}`, 0o600)
		}
		if fault != "" {
			write(fault, "", 0o600)
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-c", strings.ReplaceAll(loop, "/tmp/", dir+"/"))
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "ALBSPANS=prod-orders-albspans", "AWS_REGION=eu-central-1"}
		out, err := cmd.CombinedOutput()
		left, _ := filepath.Glob(filepath.Join(dir, "letter-*"))
		if err != nil || !strings.Contains(string(out), test.want) || len(left) != test.left {
			t.Errorf("%q: %v, %d letters are left, want %d; it says %q, want %q", fault, err, len(left), test.left, out, test.want)
		}
	}
}
