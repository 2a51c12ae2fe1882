//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/harness"
)

// readTimeout is service.Config.ReadTimeout, and slack what this machine adds.
const (
	readTimeout = 10 * time.Second
	slack       = 3 * time.Second
)

// attack is what a hostile client does with a connection of its own to the
// service, until the service has closed it or ctx ends.
type attack func(ctx context.Context, c net.Conn)

// end is how a hostile client's connection ended.
type end struct {
	status int // of the answer, 0 if there was none
	code   string
	took   time.Duration
}

// verdictOf says how hostile clients' connections have to end.
type verdictOf struct {
	status int // of the answer
	code   string
	within time.Duration

	// cut lets a connection end without the answer as long as others have it:
	// the client still sends when it is answered, and what the service had to
	// say may be lost when it closes (RFC 9112, 9.6). With status 0 none has an
	// answer to expect.
	cut bool

	// deaf has the client read nothing: its connection has ended when it can
	// write no more.
	deaf bool
}

func (v verdictOf) holds(e end) bool {
	return e.took <= v.within && (e.status == v.status && e.code == v.code || v.cut && e.status == 0)
}

// check says which connections have ended otherwise.
func (v verdictOf) check(ends []end) error {
	var errs []error
	answered := 0
	for _, e := range ends {
		if !v.holds(e) {
			errs = append(errs, fmt.Errorf("a hostile client's connection ended after %v with %d %q, want %d %q", e.took.Round(time.Millisecond), e.status, e.code, v.status, v.code))
		}
		if e.status == v.status {
			answered++
		}
	}
	if answered == 0 {
		errs = append(errs, fmt.Errorf("no hostile client was answered with %d", v.status))
	}
	return errors.Join(errs[:min(len(errs), 3)]...)
}

// hostile is a scenario in which so many hostile clients come while good ones
// go on.
func hostile(name, what string, clients int, over time.Duration, a attack, want verdictOf) scenario {
	var good replies
	var held memories
	var mu sync.Mutex
	var ends []end
	return scenario{
		name: "front/" + name, what: what,
		run: func(ctx context.Context, w *world) error {
			defer held.watch(ctx, w)()
			return w.pour(ctx, over, &good, func(ctx context.Context) error {
				var crowd sync.WaitGroup
				var errs []error
				for range clients {
					crowd.Go(func() {
						e, err := w.besiege(ctx, a, want)
						mu.Lock()
						defer mu.Unlock()
						if ends, errs = append(ends, e), append(errs, err); err == nil {
							w.hit()
						}
					})
				}
				crowd.Wait()
				return errors.Join(errs...)
			})
		},
		check: func(w *world, a *account) error {
			return errors.Join(allStored(w, a), good.want(), held.want(), want.check(ends))
		},
	}
}

// besiege lets one hostile client have its way, and says how that ended.
func (w *world) besiege(ctx context.Context, a attack, want verdictOf) (end, error) {
	began := time.Now()
	dialer := new(net.Dialer)
	if want.deaf {
		dialer.Control = littleBuffer
	}
	c, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(w.Addresses().Service, "http://"))
	if err != nil {
		return end{}, err
	}
	defer c.Close()
	patience := want.within + readTimeout
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = c.SetDeadline(time.Now().Add(patience)) // it is open
	attacked := make(chan struct{})
	go func() {
		a(ctx, c)
		close(attacked)
	}()
	var e end
	if want.deaf {
		<-attacked
	} else {
		e = answered(c)
	}
	e.took = time.Since(began)
	cancel()
	_ = c.Close()
	<-attacked
	return e, nil
}

// answered reads until the server has closed the connection, or breaks it off.
func answered(c net.Conn) (e end) {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return e
	}
	defer r.Body.Close()
	var problem struct{ Code string }
	text, _ := io.ReadAll(io.LimitReader(r.Body, maxAnswer)) // what there is of it
	_ = json.Unmarshal(text, &problem)                       // net/http's own answers are none
	return end{status: r.StatusCode, code: problem.Code}
}

// head is a request's beginning, with further header lines.
func head(lines ...string) string {
	return "POST /v1/events HTTP/1.1\r\nHost: ingest.example\r\nContent-Type: " + event.MediaTypeEvent + "\r\n" + strings.Join(append(lines, ""), "\r\n")
}

// drip writes pieces one after the other, slowly, until it cannot any more.
func drip(ctx context.Context, c net.Conn, every time.Duration, piece func(int) string) {
	for i := 0; harness.Sleep(ctx, every) == nil; i++ {
		if _, err := io.WriteString(c, piece(i)); err != nil {
			return
		}
	}
}

// flood writes a piece over and over, as fast as it is taken.
func flood(ctx context.Context, c net.Conn, piece []byte) {
	for ctx.Err() == nil {
		if _, err := c.Write(piece); err != nil {
			return
		}
	}
}

func hostileScenarios() []scenario {
	const patient, quick = readTimeout + slack, slack
	all := []scenario{
		hostile("slow-headers", "300 clients send a header every half second, for ever.", 300, 12*time.Second, func(ctx context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head()) // what does not arrive is seen from the end
			drip(ctx, c, 500*time.Millisecond, func(i int) string { return fmt.Sprintf("X-%d: slow\r\n", i) })
		}, verdictOf{within: patient}),
		hostile("slow-bodies", "300 clients send a byte of their event every half second.", 300, 12*time.Second, func(ctx context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head("Content-Length: 1000", ""))
			drip(ctx, c, 500*time.Millisecond, func(int) string { return " " })
		}, verdictOf{status: http.StatusRequestTimeout, code: "slow_body", within: patient}),
		hostile("large-announced", "200 clients announce a gigabyte and send it.", 200, 4*time.Second, func(ctx context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head("Content-Length: 1073741824", ""))
			flood(ctx, c, bytes.Repeat([]byte(" "), 64<<10))
		}, verdictOf{status: http.StatusRequestEntityTooLarge, code: "body_too_large", within: quick, cut: true}),
		hostile("large-endless", "40 clients send a body without an end.", 40, 5*time.Second, func(ctx context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head("Transfer-Encoding: chunked", ""))
			flood(ctx, c, append([]byte("4000\r\n"), append(bytes.Repeat([]byte(" "), 0x4000), "\r\n"...)...))
		}, verdictOf{status: http.StatusRequestEntityTooLarge, code: "body_too_large", within: quick, cut: true}),
		hostile("header-flood", "200 clients send headers without an end.", 200, 4*time.Second, func(ctx context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head())
			flood(ctx, c, []byte("X-Flood: "+strings.Repeat("f", 1000)+"\r\n"))
		}, verdictOf{status: http.StatusRequestHeaderFieldsTooLarge, within: quick, cut: true}),
		hostile("gzip-bomb", "200 clients send a megabyte that unzips to a gigabyte.", 200, 4*time.Second, func(_ context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head("Content-Encoding: gzip", fmt.Sprintf("Content-Length: %d", len(bomb())), ""))
			_, _ = c.Write(bomb())
		}, verdictOf{status: http.StatusUnsupportedMediaType, code: "unsupported_content_encoding", within: quick, cut: true}),
		hostile("zipped-transfer", "Clients hide a gzip bomb in the transfer coding.", 50, 3*time.Second, func(_ context.Context, c net.Conn) {
			_, _ = io.WriteString(c, head("Transfer-Encoding: gzip, chunked", ""))
			_, _ = c.Write(bomb()[:1000])
		}, verdictOf{status: http.StatusNotImplemented, within: quick, cut: true}),
		hostile("no-http", "Clients say what is not HTTP.", 100, 3*time.Second, func(_ context.Context, c net.Conn) {
			_, _ = c.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"))
		}, verdictOf{status: http.StatusBadRequest, within: quick}),
		hostile("idle-connections", "2,000 clients connect and say nothing.", 2000, 12*time.Second, func(ctx context.Context, _ net.Conn) {
			<-ctx.Done()
		}, verdictOf{within: patient}),
	}
	for i := range all {
		all[i].short = all[i].name == "front/gzip-bomb"
	}
	return all
}

// bomb is made when it is thrown first: that takes a second.
var bomb = sync.OnceValue(newBomb)

// newBomb is a megabyte of gzip that holds a gigabyte.
func newBomb() []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one
	}
	zeros := make([]byte, 1<<20)
	for b.Len() < 1<<20-8<<10 {
		_, _ = z.Write(zeros) // into memory
	}
	_ = z.Close()
	return b.Bytes()
}
