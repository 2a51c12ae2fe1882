package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthcheckTimeout is shorter than the timeout of the container's health
// check, so that it is this program that says what is wrong.
const healthcheckTimeout = 2 * time.Second

var errNotAlive = errors.New("not alive")

// healthcheck asks the service on this machine whether it is alive.
func healthcheck(ctx context.Context, getenv func(string) string) error {
	address := getenv("LISTEN_ADDRESS")
	if address == "" {
		address = defaultAddress
	}
	if err := checkAddress(address); err != nil {
		return fmt.Errorf("LISTEN_ADDRESS=%q: want %w", address, err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+local(address)+"/healthz", http.NoBody)
	if err != nil {
		return err
	}
	// A transport of its own: the default one would go through HTTP_PROXY.
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotAlive, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errNotAlive, res.Status)
	}
	return nil
}

// local is where to reach what listens on address.
func local(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
