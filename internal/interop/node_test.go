package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/internal/filelock"
)

// oldestNode is the first version that the packages in javascript/ take.
const oldestNode = 20

// errNoNode means that the tests cannot run on this machine.
var errNoNode = errors.New("no node")

// findNode returns errNoNode if node or npm is missing, or too old.
func findNode(ctx context.Context) error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: %s is not in the PATH", errNoNode, program)
		}
	}
	version, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return fmt.Errorf("%w: node --version: %w", errNoNode, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		return fmt.Errorf("%w: it is %s, want %d or later", errNoNode, bytes.TrimSpace(version), oldestNode)
	}
	return nil
}

// manifest is what npm installs from.
var manifest = []string{"package.json", "package-lock.json", ".npmrc"}

// installed returns the directory of the packages that peer.js needs, which npm
// installs if they are not there yet. It is named after the manifest, so that a
// change makes another one.
func installed(ctx context.Context) (modules string, err error) {
	sum := sha256.New()
	for _, name := range manifest {
		b, err := os.ReadFile(filepath.Join("javascript", name))
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%s\n%d\n%s", name, len(b), b)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	base = filepath.Join(base, "tracehaul", "interop")
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	dir := filepath.Join(base, hex.EncodeToString(sum.Sum(nil)[:8]))
	modules = filepath.Join(dir, "node_modules")
	unlock, err := filelock.Lock(ctx, filepath.Join(base, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	temporary, err := os.MkdirTemp(base, "install-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	for _, name := range manifest {
		b, err := os.ReadFile(filepath.Join("javascript", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(temporary, name), b, 0o600)
		}
		if err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = temporary
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, output)
	}
	return modules, os.Rename(temporary, dir)
}

// node is a process that does what it is asked for, one thing at a time.
type node struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	answer *json.Decoder
	errors bytes.Buffer // what it writes to standard error; read when it has ended

	mu     sync.Mutex
	broken error // it has no more answers
}

// startNode starts the process with the addresses of the local cloud.
func startNode(ctx context.Context, snsURL, sqsURL string) (*node, error) {
	modules, err := installed(ctx)
	if err != nil {
		return nil, err
	}
	n := &node{cmd: exec.CommandContext(context.WithoutCancel(ctx), "node", "--no-warnings", filepath.Join("javascript", "peer.js"), snsURL, sqsURL)}
	n.cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	n.cmd.Stderr = &n.errors
	stdout, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if n.stdin, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	n.answer = json.NewDecoder(bufio.NewReader(stdout))
	return n, n.cmd.Start()
}

// do sends a request and waits for its answer.
func (n *node) do(request, answer any) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.broken != nil {
		return n.broken
	}
	err := json.NewEncoder(n.stdin).Encode(request)
	if err == nil {
		hung := time.AfterFunc(time.Minute, func() { _ = n.cmd.Process.Kill() })
		err = n.answer.Decode(answer)
		hung.Stop()
	}
	if err != nil {
		_ = n.cmd.Process.Kill()
		n.broken = fmt.Errorf("node: %w, %w\n%s", err, n.cmd.Wait(), &n.errors)
	}
	return n.broken
}

// stop ends the process as its input does.
func (n *node) stop() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.broken != nil {
		return nil // somebody was told
	}
	n.broken = errors.New("node: it was stopped")
	_ = n.stdin.Close()
	hung := time.AfterFunc(time.Minute, func() { _ = n.cmd.Process.Kill() })
	defer hung.Stop()
	if err := n.cmd.Wait(); err != nil {
		return fmt.Errorf("node: %w\n%s", err, &n.errors)
	}
	return nil
}
