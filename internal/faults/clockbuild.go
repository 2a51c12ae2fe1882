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
	"strings"
	"sync"

	"github.com/tracehaul/tracehaul/internal/program"
)

// clockVariable is by how many seconds a program of [buildSkewed] is told
// another time than it is.
const clockVariable = "FAULTS_CLOCK_SECONDS"

// What is replaced in package time, and by what. The monotonic clock stays as
// it is: one hour off is what a machine is, not what it does.
const (
	honest = `func Now() Time {
	sec, nsec, mono := runtimeNow()
`
	skewed = honest + `	sec += clockOffset
`
	offset = `
var clockOffset = func() (seconds int64) {
	text, _ := syscall.Getenv("` + clockVariable + `")
	sign := int64(1)
	for i, c := range text {
		if i == 0 && c == '-' {
			sign = -1
			continue
		}
		seconds = 10*seconds + int64(c-'0')
	}
	return sign * seconds
}()
`
)

// buildSkewed builds the service and the consumer as they are, but with a
// package time whose clock can be off. Nothing else on this machine can lie to
// one process about the time of day: time namespaces have only the other
// clocks, and programs of Go ask no library that could be replaced.
func buildSkewed(ctx context.Context, dir string) (service, consumer string, err error) {
	overlay, err := skewTime(ctx, dir)
	if err != nil {
		return "", "", err
	}
	out := filepath.Join(dir, "skewed")
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-trimpath", "-tags", "lambda.norpc",
		"-o", out+string(filepath.Separator), program.Module+"/cmd/service", program.Module+"/cmd/consumer")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("build programs whose clock is off: %w\n%s", err, bytes.TrimSpace(output))
	}
	return filepath.Join(out, "service"), filepath.Join(out, "consumer"), nil
}

// skewTime writes the changed package time and an overlay that has it.
func skewTime(ctx context.Context, dir string) (overlay string, err error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if strings.Count(string(source), honest) != 1 {
		return "", errors.New("time.Now has changed: want in " + original + "\n" + honest)
	}
	changed := strings.Replace(string(source), honest, skewed, 1) + offset
	changed = strings.Replace(changed, "import (\n", "import (\n\t\"syscall\"\n", 1)
	replacement := filepath.Join(dir, "time.go")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: replacement}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(
		os.WriteFile(replacement, []byte(changed), 0o600), //nolint:gosec // into a directory of ours
		os.WriteFile(overlay, text, 0o600),
	)
}

// once has something built by the first who asks, while the others wait.
func once(build func(context.Context) (service, consumer string, err error)) func(context.Context) (string, string, error) {
	var first sync.Once
	var service, consumer string
	var err error
	return func(ctx context.Context) (string, string, error) {
		first.Do(func() { service, consumer, err = build(ctx) })
		return service, consumer, err
	}
}
