package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// maxHeaderBytes is what an Application Load Balancer lets through: 64 KiB
// ("Quotas for your Application Load Balancers", HTTP headers). net/http
// answers 431 to more.
const maxHeaderBytes = 64 << 10

// Run serves l until ctx ends. Then /readyz says no; after
// [Config.DrainGrace] no connection is taken any more, the requests under way
// are answered, and what was accepted is published. It returns nil when that
// was done within [Config.ShutdownTimeout]. When l fails it says why in the log,
// stops likewise, at once, and returns it. It closes l. It can be called once.
func (s *Service) Run(ctx context.Context, l net.Listener) error {
	defer s.runBearer(ctx)()
	server := s.server()
	limited := limitConnections(l, s.cfg.MaxConnections, s.cfg.Logger)
	server.ConnState = limited.changed
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(limited) }()
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("address", l.Addr().String()), slog.Bool("authentication", s.bearer != nil))

	select {
	case err := <-failed:
		// Now, as the process may be killed before it has stopped; without a
		// grace, as nobody new can come.
		s.cfg.Logger.LogAttrs(ctx, slog.LevelError, "no connection can be taken any more", slog.Any("error", err))
		return errors.Join(fmt.Errorf("serve: %w", err), s.stop(context.WithoutCancel(ctx), server, 0))
	case <-ctx.Done():
	}
	err := s.stop(context.WithoutCancel(ctx), server, s.cfg.DrainGrace)
	if failure := <-failed; !errors.Is(failure, http.ErrServerClosed) {
		return errors.Join(fmt.Errorf("serve: %w", failure), err)
	}
	return err
}

// stop is everything between being told to stop and being done.
func (s *Service) stop(ctx context.Context, server *http.Server, grace time.Duration) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ShutdownTimeout)
	defer cancel()

	s.draining.Store(true)
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "stopping: not ready any more", slog.Duration("grace", grace))
	sleep(ctx, grace)

	// Every accepted event has a request that waits for it, so that this
	// publishes what there is to publish; what follows is for events whose
	// requests gave up.
	err := server.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("requests were cut off: %w", err)
	}
	if lost := s.publisher.close(ctx); lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d events were given up, unconfirmed", lost))
	}
	_ = server.Close()
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "stopped", slog.Duration("took", time.Since(began)))
	return err
}

func (s *Service) server() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.cfg.ReadTimeout,
		ReadTimeout:       s.cfg.ReadTimeout,
		// From the end of the headers to the end of the answer: the body may
		// take its time, then SNS, then the client.
		WriteTimeout:   s.cfg.ReadTimeout + s.cfg.RequestTimeout + 5*time.Second,
		IdleTimeout:    s.cfg.IdleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn),
	}
}
