//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/internal/program"
)

// edit is a change of a source file, for one build and nobody else.
type edit struct {
	file     string // absolute
	from, to string // from is there once
}

// buildEdited builds commands, such as cmd/service, with changes to what they
// are made of, into a directory of that name.
func buildEdited(ctx context.Context, dir, name string, edits []edit, commands ...string) (into string, err error) {
	into = filepath.Join(dir, name)
	if err := os.MkdirAll(into, 0o700); err != nil {
		return "", err
	}
	overlay, err := writeOverlay(into, edits)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-trimpath", "-tags", "lambda.norpc", "-o", into+string(filepath.Separator))
	for _, command := range commands {
		cmd.Args = append(cmd.Args, program.Module+"/"+command)
	}
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", fmt.Errorf("build %s: %w\n%s", name, err, bytes.TrimSpace(output))
	}
	return into, nil
}

// writeOverlay writes the changed files, and what tells the go command of them
// ("go help build", -overlay).
func writeOverlay(dir string, edits []edit) (overlay string, err error) {
	changed := map[string]string{}
	for _, e := range edits {
		if _, ok := changed[e.file]; !ok {
			text, err := os.ReadFile(e.file)
			if err != nil {
				return "", err
			}
			changed[e.file] = string(text)
		}
		if n := strings.Count(changed[e.file], e.from); n != 1 {
			return "", fmt.Errorf("%s has changed: want what is to be replaced there once, and not %d times:\n%s", e.file, n, e.from)
		}
		changed[e.file] = strings.Replace(changed[e.file], e.from, e.to, 1)
	}
	replace := map[string]string{}
	for file, text := range changed {
		replace[file] = filepath.Join(dir, "edited"+strconv.Itoa(len(replace))+".go")
		err = errors.Join(err, os.WriteFile(replace[file], []byte(text), 0o600))
	}
	list, marshalErr := json.Marshal(map[string]any{"Replace": replace})
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(err, marshalErr, os.WriteFile(overlay, list, 0o600))
}

// goEnv asks the go command for one of its variables.
func goEnv(ctx context.Context, name string) (string, error) {
	value, err := exec.CommandContext(ctx, "go", "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(value)), nil
}
