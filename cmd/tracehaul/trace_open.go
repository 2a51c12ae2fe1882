package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// openTimeout is how long what shows a file may take to hand it on.
const openTimeout = 10 * time.Second

// openFile has the system show a file with what it shows such files with.
func openFile(path string, out io.Writer) error {
	program := "xdg-open"
	if runtime.GOOS == "darwin" {
		program = "open"
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("there is no %s here: want --html FILE, or open %s yourself", program, path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, found, path)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", program, path, err)
	}
	return nil
}
