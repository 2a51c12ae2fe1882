//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strconv"
	"syscall"
	"time"
)

// answerTimeout is longer than any answer may take: reading, waiting for SNS
// and writing, by the defaults of service.Config.
const answerTimeout = 30 * time.Second

// idPrefix begins the ids of the events. Their number follows, as numberDigits
// of hex.
const (
	idPrefix     = "load-"
	numberDigits = 12
)

// eventID is the id of an event with a number.
func eventID(number int) string { return fmt.Sprintf("%s%0*x", idPrefix, numberDigits, number) }

// numberOf is the number in an event's id.
func numberOf(id string) (int, error) {
	if len(id) != len(idPrefix)+numberDigits || id[:len(idPrefix)] != idPrefix {
		return 0, fmt.Errorf("%q is the id of no event of this run", id)
	}
	n, err := strconv.ParseInt(id[len(idPrefix):], 16, 64)
	return int(n), err
}

// client posts events over one connection, as a load balancer passes them on.
// It costs as little as can be, for it shares the machine with the service.
type client struct {
	addr    string
	conn    net.Conn // nil until the first request, and after a failure
	answers *bufio.Reader
	request []byte
	root    []byte // the random part of the trace id, in request
	number  []byte // that of the event's id
	body    []byte // of the latest answer that was not 202
	jobs    chan job
	idled   time.Time
}

// randomRoot is replaced in every request.
const randomRoot = "0a1b2c3d4e5f60718293a4b5"

func newClient(addr string) *client {
	c := &client{addr: addr, request: newRequest(), jobs: make(chan job, 1)}
	c.root, c.number = part(c.request, randomRoot), part(c.request, eventID(0)[len(idPrefix):])
	return c
}

// part is where s is in b, which it is in.
func part(b []byte, s string) []byte {
	before, _, _ := bytes.Cut(b, []byte(s))
	return b[len(before):][:len(s)]
}

func newRequest() []byte {
	body := `{"specversion":"1.0","id":"` + eventID(0) + `","source":"/load","type":"com.example.order.placed",` +
		`"time":"2026-01-02T03:04:05Z","subject":"order/4711","datacontenttype":"application/json",` +
		`"data":{"order":"4711","amount":12.5,"currency":"EUR","items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}]}}`
	return fmt.Appendf(nil, "POST /v1/events HTTP/1.1\r\nHost: ingest.example\r\nUser-Agent: load\r\nContent-Type: application/cloudevents+json\r\n"+
		"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"+
		"X-Amzn-Trace-Id: Root=1-67891233-%s\r\nContent-Length: %d\r\n\r\n%s", randomRoot, len(body), body)
}

// post sends the event with a number and says what became of it.
func (c *client) post(number int) answer {
	var bits [len(randomRoot) / 2]byte
	for i := range bits {
		bits[i] = byte(rand.N(256)) //nolint:gosec // tells traces apart
	}
	hex.Encode(c.root, bits[:])
	copy(c.number, eventID(number)[len(idPrefix):])
	if c.conn == nil {
		if err := c.dial(); err != nil {
			return connectionRefused
		}
	}
	a, err := c.exchange()
	if err != nil {
		c.close()
		return unknown
	}
	return a
}

func (c *client) dial() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	for {
		if c.conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", c.addr); err == nil {
			break
		}
		if c.conn = nil; !errors.Is(err, syscall.EADDRNOTAVAIL) || ctx.Err() != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond) // this machine has no port left for the moment
	}
	if c.answers == nil {
		c.answers = bufio.NewReaderSize(nil, 1<<10)
	}
	c.answers.Reset(c.conn)
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

var errAnswer = errors.New("this is no answer of HTTP/1.1")

// exchange writes the request and reads the answer.
func (c *client) exchange() (answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return unknown, err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return unknown, err
	}
	line, err := c.answers.ReadSlice('\n')
	if err != nil {
		return unknown, err
	}
	if len(line) < 13 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return unknown, errAnswer
	}
	status, _ := strconv.Atoi(string(line[9:12]))
	h, err := c.header()
	if err != nil {
		return unknown, err
	}
	c.body = c.body[:0]
	if status == 202 {
		_, err = c.answers.Discard(h.length)
	} else {
		c.body = append(c.body, make([]byte, h.length)...)
		_, err = readFull(c.answers, c.body)
	}
	if h.closes {
		c.close()
	}
	return c.classify(status, h.retryAfter), err
}

func readFull(r *bufio.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// classify says what an answer means.
func (c *client) classify(status int, retryAfter bool) answer {
	switch {
	case status == 202:
		return accepted
	case status == 503 && retryAfter && bytes.Contains(c.body, []byte(`"code":"overloaded"`)):
		return overloaded
	case status == 503 && retryAfter, status == 504 && retryAfter && bytes.Contains(c.body, []byte(`"code":"publish_timeout"`)):
		return unavailable
	default:
		return other
	}
}

// header is what matters of an answer's header fields.
type header struct {
	length             int
	retryAfter, closes bool
}

func (c *client) header() (h header, err error) {
	for {
		line, err := c.answers.ReadSlice('\n')
		if err != nil {
			return h, err
		}
		if len(line) <= 2 {
			return h, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = textproto.TrimBytes(value)
		switch string(name) {
		case "Content-Length":
			if h.length, err = strconv.Atoi(string(value)); err != nil {
				return h, errAnswer
			}
		case "Transfer-Encoding":
			return h, errAnswer // no answer of the service is that long
		case "Retry-After":
			h.retryAfter = len(value) > 0
		case "Connection":
			h.closes = bytes.EqualFold(value, []byte("close"))
		}
	}
}
