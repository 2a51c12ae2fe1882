//go:build unix

package localpipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/freeport"
	"github.com/tracehaul/tracehaul/internal/program"
)

// startService starts the service's program on a free address.
func (l *Local) startService(ctx context.Context) error {
	address, err := freeport.Address(ctx)
	if err != nil {
		return err
	}
	l.addresses.Service = "http://" + address
	l.onStop(func(ctx context.Context) error { return l.service.Stop(ctx, stopGrace) })
	return l.runService(address)
}

// RestartService starts the service again, at the same address, after it has
// ended.
func (l *Local) RestartService() error {
	return l.runService(strings.TrimPrefix(l.addresses.Service, "http://"))
}

func (l *Local) runService(address string) (err error) {
	l.service, err = program.Start(l.cfg.Service, l.serviceVariables(address).list(), func(line string) { l.cfg.Output("service", line) })
	return err
}

// StartTwin starts another process of the service with further variables, which
// the load balancer does not know, and returns where it answers once it is
// ready. Its telemetry goes to the receiver itself, whatever [Config.Route] says.
func (l *Local) StartTwin(ctx context.Context, env map[string]string) (url string, err error) {
	address, err := freeport.Address(ctx)
	if err != nil {
		return "", err
	}
	variables := l.serviceVariables(address).with(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": l.addresses.OTLP}, env)
	twin, err := program.Start(l.cfg.Service, variables.list(), func(line string) { l.cfg.Output("twin", line) })
	if err != nil {
		return "", err
	}
	l.onStop(func(ctx context.Context) error { return twin.Stop(ctx, stopGrace) })
	url = "http://" + address
	return url, awaitReady(ctx, twin, func() bool { return isReady(ctx, url) })
}

// awaitReady waits until a process of the service is ready, and gives up when
// it ends.
func awaitReady(ctx context.Context, service *program.Process, ready func() bool) error {
	deadline := time.After(readyTimeout)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-service.Done():
			return errors.New("the service ended before it was ready; its output says why")
		case <-deadline:
			return fmt.Errorf("the service was not ready in %v", readyTimeout)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// isReady asks a process of the service.
func isReady(ctx context.Context, url string) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return false
	}
	q.Close = true
	answer, err := http.DefaultClient.Do(q)
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// progress passes on, line by line, what takes long.
type progress struct{ log *slog.Logger }

func (p progress) Write(b []byte) (int, error) {
	p.log.Info(strings.TrimSpace(string(b)))
	return len(b), nil
}
