package alb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// forwarding is one request on its way to a target and back.
type forwarding struct {
	balancer *Balancer
	record   *record
	response http.ResponseWriter
	request  *http.Request
}

// hopByHop are the header fields that belong to one connection (RFC 9110,
// section 7.6.1).
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func (f *forwarding) forward(ctx context.Context, target *url.URL) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body := f.body()
	out := f.outgoing(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(c httptrace.GotConnInfo) { f.record.target = c.Conn.RemoteAddr().String() },
		WroteHeaders: body.handedOver, // not WroteRequest: that comes after the flush, when the target may be at work already
	}), target, body)
	body.handedOver()
	answer, err := f.balancer.transport.RoundTrip(out)
	f.record.receivedBytes = requestBytes(f.request) + body.read.Load()
	if err != nil {
		f.answer(f.statusFor(err, body))
		return
	}
	defer answer.Body.Close()
	f.record.answered = time.Now()
	f.record.sent = time.Unix(0, body.handed.Load())
	if f.record.sent.After(f.record.answered) { // a target may answer before it has read all
		f.record.sent = f.record.answered
	}
	f.record.targetStatus, f.record.elbStatus = answer.StatusCode, answer.StatusCode
	f.copy(answer, cancel)
}

func (f *forwarding) body() *clientBody {
	return &clientBody{
		from: f.request.Body, chunked: f.request.ContentLength < 0,
		control: http.NewResponseController(f.response), idle: f.balancer.cfg.IdleTimeout,
	}
}

// outgoing is the request as the target sees it. traceparent and everything
// else passes untouched.
func (f *forwarding) outgoing(ctx context.Context, target *url.URL, body *clientBody) *http.Request {
	out := f.request.Clone(ctx)
	out.URL.Scheme, out.URL.Host = target.Scheme, target.Host
	out.RequestURI = ""
	out.Body = io.NopCloser(body)
	if f.request.ContentLength == 0 {
		out.Body = http.NoBody
	}
	for name := range strings.SplitSeq(f.request.Header.Get("Connection"), ",") {
		out.Header.Del(strings.TrimSpace(name))
	}
	for _, name := range hopByHop {
		out.Header.Del(name)
	}
	out.Header.Set(traceHeader, f.record.traceHeader)
	f.setForwarded(out.Header)
	if out.UserAgent() == "" {
		out.Header["User-Agent"] = nil // do not add Go's
	}
	return out
}

// setForwarded appends the client's address and states protocol and port
// ("HTTP headers and Application Load Balancers", X-Forwarded headers).
func (f *forwarding) setForwarded(h http.Header) {
	client, _, err := net.SplitHostPort(f.request.RemoteAddr)
	if err != nil {
		client = f.request.RemoteAddr
	}
	h.Set("X-Forwarded-For", strings.Join(append(h.Values("X-Forwarded-For"), client), ", "))
	h.Set("X-Forwarded-Proto", "http")
	if _, port, err := net.SplitHostPort(hostPort(f.request)); err == nil {
		h.Set("X-Forwarded-Port", port)
	}
}

// statusFor is what the client is told when no response came ("Troubleshoot
// your Application Load Balancers", HTTP 408, 460, 502 and 504). A client that
// has gone is told nothing; the log keeps its 460.
func (f *forwarding) statusFor(err error, body *clientBody) int {
	var timeout net.Error
	switch {
	case body.stalled.Load(): // first: the server then takes the client for gone
		return http.StatusRequestTimeout
	case f.request.Context().Err() != nil:
		return statusClientClosed
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusGatewayTimeout
	default:
		return http.StatusBadGateway
	}
}

// answer is the balancer's own response.
func (f *forwarding) answer(status int) {
	f.record.elbStatus = status
	if f.record.receivedBytes == 0 {
		f.record.receivedBytes = requestBytes(f.request)
	}
	text := http.StatusText(status)
	if text == "" {
		text = "Error"
	}
	body := fmt.Sprintf("<html>\n<head><title>%d %s</title></head>\n<body><h1>%d %s</h1></body>\n</html>\n", status, text, status, text)
	h := f.response.Header()
	h.Set("Server", "awselb/2.0")
	h.Set("Content-Type", "text/html")
	f.record.sentBytes = headerBytes(h) + int64(len(body))
	f.response.WriteHeader(status)
	_, _ = io.WriteString(f.response, body) // the client may have gone
}

// copy passes the response on, piece by piece as it comes. If the target
// breaks off or falls silent for the idle timeout, the client's connection is
// cut: what it has must not look whole.
func (f *forwarding) copy(answer *http.Response, cancel func()) {
	h := f.response.Header()
	maps.Copy(h, answer.Header)
	for _, name := range hopByHop {
		h.Del(name)
	}
	f.record.responded = time.Now()
	f.response.WriteHeader(answer.StatusCode)
	f.record.sentBytes = headerBytes(h)

	idle := time.AfterFunc(f.balancer.cfg.IdleTimeout, cancel)
	defer idle.Stop()
	control := http.NewResponseController(f.response)
	piece := make([]byte, 32*1024)
	for {
		n, err := answer.Body.Read(piece)
		idle.Reset(f.balancer.cfg.IdleTimeout)
		if n > 0 {
			written, writeErr := f.response.Write(piece[:n])
			f.record.sentBytes += int64(written)
			if writeErr == nil {
				writeErr = control.Flush()
			}
			if writeErr != nil && !errors.Is(writeErr, http.ErrNotSupported) {
				f.record.elbStatus = statusClientClosed
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil && f.request.Context().Err() != nil:
			f.record.elbStatus = statusClientClosed
			return
		case err != nil:
			panic(http.ErrAbortHandler)
		}
	}
}

// clientBody is a request's body. It counts what was read, and gives up when
// the client sends nothing for the idle timeout.
type clientBody struct {
	from    io.Reader
	chunked bool // its end is handed over as well
	control *http.ResponseController
	idle    time.Duration
	read    atomic.Int64 // a goroutine of the transport reads
	handed  atomic.Int64 // when the last of the request went to the connection, Unix nanoseconds
	stalled atomic.Bool
}

func (r *clientBody) handedOver() { r.handed.Store(time.Now().UnixNano()) }

func (r *clientBody) Read(b []byte) (int, error) {
	_ = r.control.SetReadDeadline(time.Now().Add(r.idle)) // not every writer can
	n, err := r.from.Read(b)
	r.read.Add(int64(n))
	if n > 0 || r.chunked && errors.Is(err, io.EOF) { // another end is asked for when the target may be at work already
		r.handedOver()
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.stalled.Store(true)
	case err != nil: // the end: from here on it is the target that is waited for
		_ = r.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// requestBytes is the size of the request's line and header.
func requestBytes(r *http.Request) int64 {
	return int64(len(r.Method)+len(r.RequestURI)+len(r.Proto)+4) + headerBytes(r.Header)
}
