// Package freeport finds ports for programs that are told where to listen.
package freeport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Systems give ports from 32768 on (Linux) or 49152 on (others) to whoever
// connects somewhere or asks for any: between the moment that such a port is
// found free and the one that a program listens on it, it may be somebody's.
const (
	first = 10_000
	last  = 32_767
)

var given = struct {
	mu    sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// Find returns a port of the IPv4 loopback interface that nobody listens on,
// and that this process has not been given before.
func Find(ctx context.Context) (int, error) {
	given.mu.Lock()
	defer given.mu.Unlock()
	for range 1000 {
		port := first + rand.IntN(last-first+1) //nolint:gosec // nobody is kept from guessing it
		if given.ports[port] {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", address(port))
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if err != nil {
			continue
		}
		given.ports[port] = true
		return port, l.Close()
	}
	return 0, errors.New("no port between " + strconv.Itoa(first) + " and " + strconv.Itoa(last) + " seems to be free")
}

// Address is [Find]'s port with 127.0.0.1 before it.
func Address(ctx context.Context) (string, error) {
	port, err := Find(ctx)
	return address(port), err
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
