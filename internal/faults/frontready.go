//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

const (
	readyPath = "/readyz"

	// checkPath is what the load balancer's target group asks for.
	checkPath = readyPath + "?exclude=overloaded"
)

// readiness asks the service itself whether it is ready, and why not.
func (w *world) readiness(ctx context.Context, path string) (status int, code string, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Addresses().Service+path, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := w.client.Do(q)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	var said struct{ Code string }
	err = json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&said)
	return answer.StatusCode, said.Code, err
}

// wantUnready wants the service to say that it is not ready, and with which
// code, before ctx ends or do returns.
func (w *world) wantUnready(ctx context.Context, code string, do func(context.Context) error) error {
	asking, done := context.WithCancel(ctx)
	told := make(chan bool, 1)
	go func() {
		for asking.Err() == nil {
			if status, said, err := w.readiness(asking, readyPath); err == nil && status == http.StatusServiceUnavailable && said == code {
				told <- true
				return
			}
			_ = harness.Sleep(asking, 20*time.Millisecond)
		}
		told <- false
	}()
	err := do(ctx)
	done()
	if !<-told {
		return errors.Join(err, fmt.Errorf("the service was asked all the time, and never said that it is not ready (%s)", code))
	}
	return err
}

// wantInService wants the service to pass a check all the time until do returns:
// ECS ends whoever fails the load balancer's.
func (w *world) wantInService(ctx context.Context, path string, do func(context.Context) error) error {
	asking, done := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for asking.Err() == nil {
			if status, said, err := w.readiness(asking, path); err == nil && status != http.StatusOK {
				failed <- fmt.Errorf("a check of %s failed: %d %s", path, status, said)
				return
			}
			_ = harness.Sleep(asking, 20*time.Millisecond)
		}
	}()
	err := do(ctx)
	done()
	return errors.Join(err, <-failed)
}
