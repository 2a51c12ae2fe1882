//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// during has the local SNS and SQS fail for a while.
func (s *scene) during(ctx context.Context, d time.Duration, fault func(messaging.Call) *messaging.Fault) error {
	s.fault.Store(&fault)
	defer s.fault.Store(nil)
	return harness.Sleep(ctx, d)
}

// publishing makes a fault of calls that publish.
func publishing(f messaging.Fault) func(messaging.Call) *messaging.Fault {
	return func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" {
			return nil
		}
		return &f
	}
}

// snsFails makes the reasons of refusals that SNS is the cause of.
func snsFails(ctx context.Context, s *scene) error {
	for _, f := range []messaging.Fault{
		{Error: &messaging.Error{Code: "InternalError", Message: "made up", Receiver: true}},
		{Error: &messaging.Error{Code: "Throttled", Message: "made up", Status: 429}},
		{Error: &messaging.Error{Code: "AuthorizationError", Message: "made up", Status: 403}},
		{FailEntries: []int{0}},
		{Drop: messaging.DropBefore},
	} {
		if err := s.during(ctx, 1200*time.Millisecond, publishing(f)); err != nil {
			return err
		}
	}
	return nil
}

// snsSlow leaves more events waiting than the service takes, and clients that
// go away.
func snsSlow(ctx context.Context, s *scene) error {
	const slow = 2 * time.Second
	for range 45 { // 4,096 events may wait
		s.load.start(ctx, s.canary.url, post(cloudBatch, batchOf(100)))
	}
	impatient, cancel := context.WithTimeout(ctx, slow/2)
	defer cancel()
	for range 3 {
		go s.load.send(impatient, s.canary.url, post(plain, order()))
	}
	return errors.Join(s.during(ctx, slow, publishing(messaging.Fault{Delay: slow})), harness.Sleep(ctx, slow))
}

// snsHangs has calls with a certain number of entries hang until the service
// gives them up, while the story goes on.
func snsHangs(ctx context.Context, s *scene) error {
	const entries, patience = 7, 8 * time.Second // patience is service.Config.PublishTimeout
	fault := func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" || c.Entries != entries {
			return nil
		}
		return &messaging.Fault{Delay: 2 * patience}
	}
	s.fault.Store(&fault)
	time.AfterFunc(patience+2*time.Second, func() { s.fault.CompareAndSwap(&fault, nil) })
	for range 4 { // apart, so that each is a call of its own
		s.load.start(ctx, s.canary.url, post(cloudBatch, batchOf(entries)))
		if err := harness.Sleep(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// brokenRequests end before their end, or never come to it. The service gives
// up the latter after ten seconds.
func brokenRequests(ctx context.Context, s *scene) error {
	const head = "POST /v1/events HTTP/1.1\r\nHost: livecheck\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	for n := range 6 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.canary.url, "http://"))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprint(conn, head); err != nil {
			return err
		}
		if n%2 == 0 {
			_ = conn.Close()
			continue
		}
		time.AfterFunc(11*time.Second, func() { _ = conn.Close() })
	}
	return nil
}

// collectorFails has the collector fail in all ways there are.
func collectorFails(ctx context.Context, s *scene) error {
	defer s.collector.mood.Store(nil)
	for i := range allMoods {
		s.collector.mood.Store(&allMoods[i])
		if err := harness.Sleep(ctx, 1500*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
