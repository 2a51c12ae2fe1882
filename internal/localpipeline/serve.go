//go:build unix

package localpipeline

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Serve serves on a free port of the loopback address until stop is called,
// which returns when nothing is served any more.
func Serve(ctx context.Context, h http.Handler) (url string, stop func(context.Context) error, err error) {
	l, err := listen(ctx, 0)
	if err != nil {
		return "", nil, err
	}
	return address(l), serveOn(l, h, 0), nil
}

// serveOn serves headers of at most the given size, 0 for net/http's default.
func serveOn(l net.Listener, h http.Handler, maxHeaderBytes int) (stop func(context.Context) error) {
	s := &http.Server{Handler: h, MaxHeaderBytes: maxHeaderBytes, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		_ = s.Serve(l) // it always ends with ErrServerClosed
		close(done)
	}()
	return func(context.Context) error {
		err := s.Close()
		<-done
		return err
	}
}

// serve serves a part on a port, 0 for a free one, for as long as the pipeline
// is there.
func (l *Local) serve(ctx context.Context, port int, h http.Handler, maxHeaderBytes int) (string, error) {
	listener, err := listen(ctx, port)
	if err != nil {
		return "", err
	}
	l.onStop(serveOn(listener, h, maxHeaderBytes))
	return address(listener), nil
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

func address(l net.Listener) string { return "http://" + l.Addr().String() }
