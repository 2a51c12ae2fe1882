//go:build unix

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/docs"
)

// elsewhere are the programs that no test runs by the documents' words, each with
// the reason. What deploy-from-nothing.md, tear-down.md and add-a-consumer.md call
// is run as they stand, with stand-ins for what is not there.
var elsewhere = map[string]string{
	"aws": "needs an account", "terraform": "needs an account; make modules validates and plans", "docker": "needs an engine; make image builds",
	"gh": "needs GitHub", "git": "changes the repository", "curl": "needs what it asks", "psql": "needs the database of a deployment",
	"base64": "the machine's own", "cat": "the machine's own", "cmp": "the machine's own", "cut": "the machine's own", "date": "the machine's own",
	"head": "the machine's own", "jq": "the machine's own", "mkdir": "the machine's own", "openssl": "the machine's own", "rm": "the machine's own", "sed": "the machine's own", "xargs": "the machine's own",
	"sleep": "the machine's own", "token": "what the reader gets tokens with", "tr": "the machine's own",
	"[": "the shell's own", "cd": "the shell's own", "echo": "the shell's own", "eval": "the shell's own", "export": "the shell's own",
	"local": "the shell's own", "printf": "the shell's own", "read": "the shell's own",
}

var (
	functionForm = regexp.MustCompile(`(?m)^\s*(\w+)\(\) [{(]`)
	targetForm   = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

func allCommands(t *testing.T) []docs.Command {
	t.Helper()
	all, err := docs.Commands(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 500 {
		t.Fatalf("only %d commands in all documents: are they found?", len(all))
	}
	return all
}

// Every command in every document is one that there is: a target, a program of
// ours with its flags, a script, or one in the list above.
func TestDocuments_Commands_AreThere(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, c := range allCommands(t) {
		if problem := absent(t, c); problem != "" {
			t.Errorf("%s: %s", c, problem)
		}
		used[c.Words[0]] = true
	}
	for name := range elsewhere {
		if !used[name] {
			t.Errorf("no document calls %s: the list is too long", name)
		}
	}
}

// absent says what of a command is not there. The tool's own are read by its
// parser, in its tests.
func absent(t *testing.T, c docs.Command) string {
	t.Helper()
	words := c.Words
	switch program := words[0]; {
	case program == "tracehaul" || strings.Join(words[:min(3, len(words))], " ") == "go run ./cmd/tracehaul":
		return ""
	case program == "make":
		return absentTarget(t, words[1:])
	case program == "go":
		return absentGo(t, c)
	case strings.Contains(program, "/"):
		if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(program))); err != nil || info.Mode()&0o111 == 0 {
			return "there is no such script, or it is not executable"
		}
	case elsewhere[program] == "" && !slices.Contains(functions(t, c.Document), program):
		return "nothing says what " + program + " is: a function of the page, or one of the list in this test"
	}
	return ""
}

func functions(t *testing.T, document string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(document)))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range docs.Blocks(string(text)) {
		for _, m := range functionForm.FindAllStringSubmatch(block, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

func absentTarget(t *testing.T, words []string) string {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, m := range targetForm.FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, m[1])
	}
	for _, word := range words {
		if name, _, sets := strings.Cut(word, "="); sets && strings.Contains(string(makefile), "$("+name+")") {
			continue
		}
		if !slices.Contains(targets, word) {
			return "the Makefile has no " + word
		}
	}
	return ""
}

func TestDocuments_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	for command, found := range map[string]bool{
		"make test": false, "make soak SOAKTIME=1m": false, "make tests": true, "make soak SOAKTIMES=1m": true,
		"go run ./internal/bench -only x": false, "go run ./internal/bench -just x": true, "go run ./internal/benches": true, "go vett ./...": true,
		"go test ./konsumer": true, "go test ./consumer -run Sink": false, "go test ./consumer -run 'Sinkhole'": true, "go test ./internal/repo -update": false,
		"go test ./consumer -update": true, "go test ./telemetry -run '^$' -bench Span_Delivered/Tracehaul -cpuprofile FILE": false,
		"go test ./telemetry -bench Spam_Delivered": true, "go test ./... -bench .": false, "go test ./cmd/tracehaul ./internal/docs -run Documents": false, "go doc ./telemetries": true,
		"build/lambda.sh dev": false, "build/lambdas.sh dev": true, "jq .": false, "yq .": true,
	} {
		c := docs.Command{Document: "README.md", Words: strings.Fields(strings.ReplaceAll(command, "'", ""))}
		if got := absent(t, c); (got != "") != found {
			t.Errorf("%s: %q", command, got)
		}
	}
}

func TestDocuments_Commands_CanBeReadByBash(t *testing.T) {
	t.Parallel()
	eachDocument(t, func(name, text string) {
		blocks := docs.Blocks(text)
		if len(blocks) == 0 {
			return
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-n")
		cmd.Stdin = strings.NewReader(strings.Join(blocks, "\n"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	})
}

// alone are the tool's commands that need nothing but the repository, so that they
// are run; what the others are is said here, too.
var (
	alone    = []string{"pipeline check", "pipeline names", "pipeline env", "pipeline show", "alarms list", "alarms test alarms/scenarios/40-queue.scenario", "generate", "completion", "version"}
	notAlone = map[string]string{
		"alarms test": "a minute or more; make alarms runs it", "demo": "run by its own test, and by make image", "up": "does not end; run by its own test", "init": "run by its own test",
		"migrate": "a database; run by its own test", "dashboards lint": "its own scripts", "dashboards query": "a store; make dashboards runs it",
		"dashboards recorded": "its own scripts", "doctor": "a running pipeline; run by its own test", "trace": "a running pipeline; run by its own test",
		"dlq": "a running pipeline; run by its own test", "deploy": "an account; run by its own scripts, and by deploy-from-nothing.md",
	}
)

// What the documents say of the tool and needs no account is run, as it stands.
func TestDocuments_CommandsThatNeedNothing_Run(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	ran := map[string]bool{}
	for _, c := range allCommands(t) {
		args := strings.TrimPrefix(strings.TrimPrefix(strings.Join(c.Words, " "), "go run ./cmd/"), "tracehaul ")
		if c.Inline || args == strings.Join(c.Words, " ") || ran[args] || strings.Contains(args, "$") {
			continue
		}
		ran[args] = true
		begins := func(command string) bool { return strings.HasPrefix(args+" ", command+" ") }
		switch {
		case begins("alarms test") && !kitsOwn(t): // scenarios follow the description at the top
		case slices.ContainsFunc(alone, begins):
			if out, err := s.run(t, "go run ./cmd/tracehaul "+args); err != nil {
				t.Errorf("%s: %v\n%s", c, err, out)
			}
		default:
			known := false
			for command := range notAlone {
				known = known || begins(command)
			}
			if !known {
				t.Errorf("%s: is it run, or what does it need?", c)
			}
		}
	}
}
