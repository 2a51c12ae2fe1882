package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is what clients were answered.
type load struct {
	Requests int
	Seconds  float64
	P50, P99 float64 // milliseconds
}

func (l load) perSecond() float64 { return float64(l.Requests) / l.Seconds }

// demand is what clients ask for.
type demand struct {
	Connections, Requests int

	// PerSecond is how many requests are due in a second, whatever became of
	// the others: their time counts from when they were due. With none each
	// connection has its next request when the last was answered.
	PerSecond float64
}

// wait returns from when on the time of the k-th request counts.
func (d demand) wait(k int64, began time.Time) time.Time {
	if d.PerSecond == 0 {
		return time.Now()
	}
	due := began.Add(time.Duration(float64(k) / d.PerSecond * float64(time.Second)))
	time.Sleep(time.Until(due))
	return due
}

// post sends requests with events as is demanded. All answers have to be 202.
func post(ctx context.Context, addr string, d demand) (load, error) {
	connections, n := d.Connections, d.Requests
	clients := make([]*client, connections)
	for i := range clients {
		c, err := dial(ctx, addr)
		if err != nil {
			return load{}, err
		}
		defer c.conn.Close()
		clients[i] = c
	}
	took := make([]float64, n)
	errs := make([]error, connections)
	var next atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for i, c := range clients {
		group.Go(func() {
			for k := next.Add(1) - 1; k < int64(n); k = next.Add(1) - 1 {
				sent := d.wait(k, began)
				if errs[i] = c.post(); errs[i] != nil {
					next.Store(int64(n))
					return
				}
				took[k] = time.Since(sent).Seconds()
			}
		})
	}
	group.Wait()
	seconds := time.Since(began).Seconds()
	if err := errors.Join(errs...); err != nil {
		return load{}, err
	}
	slices.Sort(took)
	return load{Requests: n, Seconds: seconds, P50: quantile(took, .5) * 1000, P99: quantile(took, .99) * 1000}, nil
}

// client posts events over one connection at as little cost as can be, for it
// shares the machine with what is measured. Every request comes through a load
// balancer, in a trace of its own.
type client struct {
	conn    net.Conn
	answers *bufio.Reader
	request []byte
	root    []byte // the random part of the trace id, in request
	id      []byte // and of the event's id
}

const (
	random   = "0a1b2c3d4e5f60718293a4b5" // replaced in every request
	randomID = "9d0f0a1b2c3d"
)

func dial(ctx context.Context, addr string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	c := &client{conn: conn, answers: bufio.NewReader(conn), request: request()}
	c.root, c.id = part(c.request, random), part(c.request, randomID)
	return c, nil
}

// part is where s is in b, which it is in.
func part(b []byte, s string) []byte {
	before, _, _ := bytes.Cut(b, []byte(s))
	return b[len(before):][:len(s)]
}

// request is one as a load balancer passes it on.
func request() []byte {
	body := `{"specversion":"1.0","id":"0191f6a0-5f3c-7c30-9d0f-` + randomID + `","source":"https://shop.example/orders",` +
		`"type":"com.example.order.placed","time":"2026-01-02T03:04:05Z","subject":"order/4711",` +
		`"datacontenttype":"application/json","data":{"order":"4711","amount":12.5,"currency":"EUR","items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}]}}`
	return fmt.Appendf(nil, "POST /v1/events HTTP/1.1\r\nHost: ingest.example\r\nUser-Agent: bench\r\nContent-Type: application/cloudevents+json\r\n"+
		"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"+
		"X-Amzn-Trace-Id: Root=1-67891233-%s\r\nContent-Length: %d\r\n\r\n%s", random, len(body), body)
}

var errStatus = errors.New("the answer is not 202")

func (c *client) post() error {
	var bits [18]byte
	binary.LittleEndian.PutUint64(bits[:], rand.Uint64())           //nolint:gosec // tells requests apart
	binary.LittleEndian.PutUint64(bits[8:16], rand.Uint64())        //nolint:gosec // likewise
	binary.LittleEndian.PutUint16(bits[16:], uint16(rand.N(1<<16))) //nolint:gosec // likewise
	hex.Encode(c.root, bits[:len(random)/2])
	hex.Encode(c.id, bits[len(random)/2:])
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	status, err := c.answers.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 202")) {
		return fmt.Errorf("%w: %s", errStatus, status)
	}
	length := 0
	for {
		header, err := c.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(header) == 2 {
			break
		}
		if value, ok := bytes.CutPrefix(header, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	_, err = c.answers.Discard(length)
	return err
}
