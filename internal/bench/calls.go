package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// snsLatency is about what SNS takes for a call within its region.
const snsLatency = 15 * time.Millisecond

// measureCalls counts the calls of SNS for 1,000 events: ten requests of 100
// events each at once, and 1,000 requests of one event, 64 and 256 at a time.
func measureCalls(ctx context.Context, b *bench) (lines []line, err error) {
	const events = 1000
	outside, err := cast(ctx, roleOutside, outsideSettings{Latency: snsLatency}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, outside.stop()) }()
	served, err := startService(ctx, serviceSettings{Outside: outside.url, Sampled: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, served.stop()) }()
	calls := func(send func() error) func() (float64, error) {
		return func() (float64, error) {
			before, err := ask[counts](ctx, outside, "/counts")
			if err != nil {
				return 0, err
			}
			if err := send(); err != nil {
				return 0, err
			}
			after, err := ask[counts](ctx, outside, "/counts")
			got := after.minus(before)
			if err == nil && got.Events != events {
				err = fmt.Errorf("%d events reached SNS, want %d", got.Events, events)
			}
			return float64(got.Calls), err
		}
	}
	loaded := func(connections int) func() (float64, error) {
		return calls(func() error {
			_, err := post(ctx, served.addr, demand{Connections: connections, Requests: events})
			return err
		})
	}
	got, err := interleave(b.rounds(5), calls(func() error { return postBatches(ctx, served.addr, events/100, 100) }), loaded(64), loaded(256))
	if err != nil {
		return nil, err
	}
	return []line{
		{what: "calls of SNS for 1,000 events, 100 in a request", measured: single(got[0]), single: true, aim: atMost(101)},
		{what: "calls of SNS for 1,000 events, 1 in a request, 64 clients", measured: single(got[1]), single: true},
		{what: "calls of SNS for 1,000 events, 1 in a request, 256 clients", measured: single(got[2]), single: true},
	}, nil
}

// postBatches posts requests at once, each with a batch of events.
func postBatches(ctx context.Context, addr string, requests, events int) error {
	errs := make([]error, requests)
	var group sync.WaitGroup
	for i := range requests {
		group.Go(func() {
			var body strings.Builder
			body.WriteByte('[')
			for k := range events {
				if k > 0 {
					body.WriteByte(',')
				}
				fmt.Fprintf(&body, `{"specversion":"1.0","id":"%d-%d","source":"/bench","type":"bench","data":{"n":%d}}`, i, k, k)
			}
			body.WriteByte(']')
			errs[i] = postBatch(ctx, addr, []byte(body.String()))
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func postBatch(ctx context.Context, addr string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusAccepted {
		return errors.Join(fmt.Errorf("%w: %s: %s", errStatus, response.Status, answer), err)
	}
	return nil
}
