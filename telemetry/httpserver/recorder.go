package httpserver

import (
	"bufio"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"unsafe"

	"go.opentelemetry.io/otel/trace"
)

// traceResponse is the header that names the span which served a request, in
// the form of traceparent. W3C, "Trace Context Level 2" draft of 2021,
// section "Traceresponse Header".
const traceResponse = "Traceresponse"

// recorder remembers what a handler answered. It stands in for the
// ResponseWriter beneath with whatever that can do besides: through
// [http.ResponseController], and for handlers that ask the old way, as a
// Flusher, Hijacker, ReaderFrom and StringWriter.
type recorder struct {
	http.ResponseWriter
	status   int // 0 until a final status was written
	hijacked bool

	response [55]byte  // the traceresponse header,
	values   [1]string // as a string over these bytes: one allocation holds it all
}

var (
	_ http.Flusher    = (*recorder)(nil)
	_ http.Hijacker   = (*recorder)(nil)
	_ io.ReaderFrom   = (*recorder)(nil)
	_ io.StringWriter = (*recorder)(nil)
)

// respondTrace names the span in the answer, unless there is no tracer
// provider and so no span.
func (rec *recorder) respondTrace(sc trace.SpanContext) {
	if !sc.IsValid() {
		return
	}
	b := &rec.response
	copy(b[:], "00-")
	id, span := sc.TraceID(), sc.SpanID()
	hex.Encode(b[3:35], id[:])
	b[35] = '-'
	hex.Encode(b[36:52], span[:])
	copy(b[52:], "-00")
	if sc.IsSampled() {
		b[54] = '1'
	}
	rec.values[0] = unsafe.String(&b[0], len(b)) //nolint:gosec // the bytes never change again
	rec.Header()[traceResponse] = rec.values[:]
}

// statusOr is the status of the answer, 0 if there was none.
func (rec *recorder) statusOr(panicked any) int {
	if rec.status == 0 && !rec.hijacked && panicked == nil {
		return http.StatusOK // net/http writes it for a handler that wrote nothing
	}
	return rec.status
}

// WriteHeader remembers the first final status. Informational ones may come
// before it.
func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) writes() {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
}

// Write writes a part of the body.
func (rec *recorder) Write(b []byte) (int, error) {
	rec.writes()
	return rec.ResponseWriter.Write(b)
}

// WriteString writes a part of the body.
func (rec *recorder) WriteString(s string) (int, error) {
	rec.writes()
	return io.WriteString(rec.ResponseWriter, s)
}

// ReadFrom lets the ResponseWriter beneath send files without copying.
func (rec *recorder) ReadFrom(r io.Reader) (int64, error) {
	rec.writes()
	return io.Copy(rec.ResponseWriter, r)
}

// Flush sends what was written so far, where that is possible.
func (rec *recorder) Flush() { _ = rec.FlushError() }

// FlushError is Flush for [http.ResponseController].
func (rec *recorder) FlushError() error {
	err := http.NewResponseController(rec.ResponseWriter).Flush()
	if err == nil {
		rec.writes()
	}
	return err
}

// Hijack hands the connection over, where that is possible.
func (rec *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(rec.ResponseWriter).Hijack()
	rec.hijacked = rec.hijacked || err == nil
	return conn, rw, err
}

// Unwrap gives [http.ResponseController] the ResponseWriter beneath.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
