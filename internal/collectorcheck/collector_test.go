//go:build unix

package collectorcheck_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/freeport"
	"github.com/tracehaul/tracehaul/internal/program"
)

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 20 * time.Second
)

// otelcol is the collector to test with.
func otelcol(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TRACEHAUL_COLLECTOR")
	if path == "" {
		t.Skip("TRACEHAUL_COLLECTOR is not set: make collector runs this test, with a collector")
	}
	return path
}

func environ(variables map[string]string) []string {
	var list []string
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	return list
}

// validate has a collector check a text, in the environment of a file.
func validate(ctx context.Context, path, text string, variables map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "validate", command)
	variables = maps.Clone(variables)
	variables[settings] = text
	cmd.Env = environ(variables)
	out, err := cmd.CombinedOutput()
	if err == nil && len(out) > 0 {
		err = errors.New("it is valid, but")
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// collector is one that runs.
type collector struct {
	*program.Process

	mu    sync.Mutex
	lines []string
}

// sidecar says how a collector is to be started.
type sidecar struct {
	config     config
	http, grpc string    // where it is to take OTLP: host and port
	to         *receiver // its back end
	edits      []edit    // of the file
	cgroup     string    // a file that takes process ids; "" for none
}

func newSidecar(t *testing.T, c config, edits ...edit) sidecar {
	t.Helper()
	return sidecar{config: c, http: freeAddress(t), grpc: freeAddress(t), to: newReceiver(t, c), edits: edits}
}

// start starts a collector as the task definition does, but for its ports and its
// back end, which are this machine's. It returns when the collector listens.
func (s sidecar) start(t *testing.T) (*collector, error) {
	t.Helper()
	edits := []edit{{"localhost:4318", s.http}, {"localhost:4317", s.grpc}}
	for from, to := range s.config.addresses {
		edits = append(edits, edit{from, strings.Replace(to, backEnd, s.to.URL, 1)})
	}
	text, err := edited(s.config.text(t), append(edits, s.edits...)...)
	if err != nil {
		return nil, err
	}
	variables := s.config.given()
	for name, value := range variables {
		variables[name] = strings.Replace(value, backEnd, s.to.URL, 1)
	}
	maps.Copy(variables, s.to.taskRole())
	variables[settings] = text
	path, arguments := otelcol(t), []string{command}
	if s.cgroup != "" {
		path, arguments = "/bin/sh", []string{"-c", `echo $$ > "$0" && exec "$@"`, s.cgroup, path, command}
	}
	c := new(collector)
	c.Process, err = program.Start(path, environ(variables), c.note, arguments...)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Stop(context.WithoutCancel(t.Context()), stopTimeout) }) // if the test has not
	return c, c.listens(t.Context(), s.http, s.grpc)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func (c *collector) note(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, line)
}

func (c *collector) listens(ctx context.Context, addresses ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, address := range addresses {
		for {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case <-c.Done():
				return fmt.Errorf("the collector does not start: %s", c.log())
			case <-ctx.Done():
				return fmt.Errorf("the collector does not listen: %s", c.log())
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

// log is all that the collector has written.
func (c *collector) log() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n")
}

// lastWords are in the log of a collector that stops as it should: what it would
// still tell of itself has no way out any more. That it does while it runs is
// tested by what arrives.
const lastWords = "failed to upload metrics"

// end stops a collector, which sends what it holds.
func (c *collector) end(ctx context.Context) error {
	err := c.Stop(ctx, stopTimeout)
	if complaints := c.complaints(); len(complaints) > 0 {
		return fmt.Errorf("the collector complains: %s", strings.Join(complaints, "\n"))
	}
	if strings.Contains(c.log(), lastWords) {
		return nil
	}
	return err
}

// complaints are the lines of its log that are no mere information.
func (c *collector) complaints() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var complaints []string
	for _, line := range c.lines {
		var record struct{ Level string }
		if err := json.Unmarshal([]byte(line), &record); (err != nil || record.Level != "info") && !strings.Contains(line, lastWords) {
			complaints = append(complaints, line)
		}
	}
	return complaints
}
