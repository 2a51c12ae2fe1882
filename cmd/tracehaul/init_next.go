package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tracehaul/tracehaul/internal/program"
)

// surroundings are what it depends on by which words the commands work that come
// next.
type surroundings struct {
	dir     string // of the new pipeline, in full
	inPath  bool   // a shell finds the tool
	program string // the running tool, if it stays where it is
	release string // the version it is, if others can get that
	clone   string // the directory of the source it was built from, if that is there
	bin     string // where the go command installs programs
	builds  bool   // the demo's programs can be built in dir
}

func surroundingsOf(ctx context.Context, dir string) (s surroundings, err error) {
	if s.dir, err = filepath.Abs(dir); err != nil {
		return s, err
	}
	_, err = exec.LookPath(toolName)
	s.inPath = err == nil
	if file, err := os.Executable(); err == nil && filepath.Base(file) == toolName && !strings.Contains(file, "go-build") { // which go run removes
		s.program = file
	}
	if version, err := program.Release(); err == nil {
		s.release = version
	}
	s.clone, s.bin = clone(), installDir(ctx)
	_, err = program.Source(ctx, s.dir)
	s.builds = err == nil
	return s, ctx.Err()
}

// clone is where this program was built, as long as the source is there. What is
// released does not know.
func clone() string {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !filepath.IsAbs(file) || !strings.HasPrefix(string(text), "module "+program.Module+"\n") {
		return ""
	}
	return root
}

// installDir is where go install puts programs.
func installDir(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOBIN", "GOPATH").Output()
	lines := strings.Split(string(out), "\n")
	switch {
	case err != nil || len(lines) < 2: // no go command yet
		home, _ := os.UserHomeDir()
		return filepath.Join(home, "go", "bin")
	case lines[0] != "":
		return lines[0]
	}
	return filepath.Join(filepath.SplitList(lines[1])[0], "bin")
}

// reach are the commands by which a shell finds the tool from then on.
func (s surroundings) reach() []string {
	path := func(dir string) string { return "export PATH=" + shellQuoted(dir) + `:"$PATH"` }
	switch {
	case s.inPath:
		return nil
	case s.program != "":
		return []string{path(filepath.Dir(s.program))}
	case s.release != "":
		return []string{"go install " + program.Module + "/cmd/" + toolName + "@" + s.release, path(s.bin)}
	case s.clone != "":
		return []string{"go -C " + shellQuoted(s.clone) + " install ./cmd/" + toolName, path(s.bin)}
	}
	return []string{"git clone " + kitAddress + " ../" + toolName, "go -C ../" + toolName + " install ./cmd/" + toolName, path(s.bin)}
}

// demo are the commands that run the new pipeline: programs are built where their
// source is.
func (s surroundings) demo() []string {
	file := shellQuoted(filepath.Join(s.dir, "tracehaul.yaml"))
	switch {
	case s.builds:
		return []string{toolName + " demo"}
	case s.clone != "":
		return []string{"(cd " + shellQuoted(s.clone) + " && " + toolName + " demo -f " + file + ")"}
	}
	return []string{"[ -d ../" + toolName + " ] || git clone " + kitAddress + " ../" + toolName, "(cd ../" + toolName + " && " + toolName + " demo -f " + file + ")"}
}

// next are the commands that come next, from where init was called.
func (s surroundings) next(dir string) string {
	var b strings.Builder
	line := func(command, why string) {
		if why != "" {
			command = fmt.Sprintf("%-30s # %s", command, why)
		}
		b.WriteString("  " + command + "\n")
	}
	if dir != "." {
		line("cd "+shellQuoted(dir), "")
	}
	for _, command := range s.reach() {
		line(command, "")
	}
	line("grep -rn TODO .", "what is yours to fill in")
	line(toolName+" pipeline check", "whether it is, too: it names what is still the example's")
	line(toolName+" generate", "alarms, dashboards, Terraform, queries; after every edit")
	line(toolName+" alarms test", "see every alarm go off, stay quiet and recover")
	commands := s.demo()
	b.WriteString("  # Run it on this machine: one event, one trace, one row.\n")
	for _, command := range commands {
		line(command, "")
	}
	return b.String()
}

// shellQuoted is a text as one word of a shell.
func shellQuoted(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:@"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
