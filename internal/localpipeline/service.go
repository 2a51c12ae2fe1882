//go:build unix

package localpipeline

import (
	"context"
	"log/slog"
	"strings"

	"github.com/tracehaul/tracehaul/internal/program"
)

// startService starts the service's program on a free address.
func (l *Local) startService(ctx context.Context) error {
	address, err := freeAddress(ctx)
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

// progress passes on, line by line, what takes long.
type progress struct{ log *slog.Logger }

func (p progress) Write(b []byte) (int, error) {
	p.log.Info(strings.TrimSpace(string(b)))
	return len(b), nil
}
