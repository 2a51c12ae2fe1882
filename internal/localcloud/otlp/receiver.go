package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

const (
	contentType = "application/x-protobuf"

	// decoders is how many requests are decoded at once: a small body can
	// become a large message.
	decoders = 4
)

// Receiver takes telemetry in and keeps it. It is safe for concurrent use.
type Receiver struct {
	c       Config
	mux     *http.ServeMux
	traces  *traces
	logs    *logs
	metrics *metrics
	forward *forwarder // nil if nothing is forwarded
	decode  chan struct{}
	counts  counts
}

// New makes a receiver. Close it if it forwards.
func New(c Config) (*Receiver, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	r := &Receiver{
		c: c, mux: http.NewServeMux(), decode: make(chan struct{}, decoders),
		traces: newTraces(c), logs: newLogs(c), metrics: newMetrics(c),
	}
	if c.Forward != "" {
		r.forward = newForwarder(c, &r.counts)
	}
	r.mux.Handle("/v1/traces", signal(r, r.takeTraces))
	r.mux.Handle("/v1/metrics", signal(r, r.takeMetrics))
	r.mux.Handle("/v1/logs", signal(r, r.takeLogs))
	r.mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		r.refuse(w, &refusal{http.StatusNotFound, fmt.Sprintf("there is no %q here; OTLP/HTTP has /v1/traces, /v1/metrics and /v1/logs", q.URL.Path)})
	})
	return r, nil
}

// ServeHTTP is OTLP/HTTP.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

// Close sends what waits to be forwarded until ctx ends, and drops the rest.
// What was received can still be read.
func (r *Receiver) Close(ctx context.Context) error {
	if r.forward == nil {
		return nil
	}
	return r.forward.close(ctx)
}

// refusal is an answer that is no success.
type refusal struct {
	status  int
	message string
}

func (e *refusal) Error() string { return e.message }

// signal makes a handler of one that takes a body and returns the response
// message.
func signal(r *Receiver, take func(body []byte) (proto.Message, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, body, err := r.read(w, q)
		if err != nil {
			r.refuse(w, err)
			return
		}
		r.decode <- struct{}{}
		answer, err := take(body)
		<-r.decode
		if err != nil {
			r.refuse(w, &refusal{http.StatusBadRequest, err.Error()})
			return
		}
		if r.forward != nil {
			r.forward.offer(q.URL.Path, q.Header.Get("Content-Encoding"), raw)
		}
		b, err := proto.Marshal(answer)
		if err != nil {
			r.refuse(w, &refusal{http.StatusInternalServerError, err.Error()})
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b) // the client has gone: nothing to tell it
	})
}

// read checks a request's form and returns its body as it came and unzipped.
func (r *Receiver) read(w http.ResponseWriter, q *http.Request) (raw, body []byte, err error) {
	if q.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, nil, &refusal{http.StatusMethodNotAllowed, "OTLP/HTTP wants POST"}
	}
	switch media, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); {
	case err == nil && media == contentType:
	case err == nil && media == "application/json":
		return nil, nil, &refusal{http.StatusUnsupportedMediaType, "OTLP/HTTP with JSON is not taken here: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}
	case strings.HasPrefix(media, "application/grpc"):
		return nil, nil, &refusal{http.StatusUnsupportedMediaType, "OTLP/gRPC is not taken here: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}
	default:
		return nil, nil, &refusal{http.StatusUnsupportedMediaType, "want Content-Type " + contentType}
	}
	raw, err = readAll(http.MaxBytesReader(w, q.Body, r.c.MaxRequestBytes), r.c.MaxRequestBytes)
	if err != nil {
		return nil, nil, err
	}
	switch encoding := q.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return raw, raw, nil
	case "gzip":
		unzipped, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, nil, &refusal{http.StatusBadRequest, "the body is not gzip"}
		}
		body, err = readAll(unzipped, r.c.MaxRequestBytes)
		return raw, body, err
	default:
		return nil, nil, &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Encoding %.40q: want gzip or none", encoding)}
	}
}

// readAll reads at most limit bytes.
func readAll(from io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(from, limit+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), int64(len(b)) > limit:
		return nil, &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", limit)}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the body cannot be read"}
	default:
		return b, nil
	}
}

// refuse answers with google.rpc.Status, "Failures" in the specification. No
// status used here is one that makes an exporter try again.
func (r *Receiver) refuse(w http.ResponseWriter, err error) {
	r.counts.refused.Add(1)
	status := http.StatusBadRequest
	if known, ok := errors.AsType[*refusal](err); ok {
		status = known.status
	}
	const messageField = 2 // of google.rpc.Status; the code is left out, the HTTP status is what counts
	b := protowire.AppendTag(nil, messageField, protowire.BytesType)
	b = protowire.AppendString(b, err.Error())
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client has gone: nothing to tell it
}

func (r *Receiver) takeTraces(body []byte) (proto.Message, error) {
	var request coltrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, errors.New("the body is no ExportTraceServiceRequest")
	}
	taken, rejected := r.traces.add(&request)
	r.counts.spans.Add(taken)
	r.counts.rejectedSpans.Add(rejected)
	answer := new(coltrace.ExportTraceServiceResponse)
	if rejected > 0 {
		answer.PartialSuccess = &coltrace.ExportTracePartialSuccess{
			RejectedSpans: rejected, ErrorMessage: "without valid ids, or more than this receiver keeps of one trace",
		}
	}
	return answer, nil
}

func (r *Receiver) takeMetrics(body []byte) (proto.Message, error) {
	var request colmetrics.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, errors.New("the body is no ExportMetricsServiceRequest")
	}
	taken, rejected := r.metrics.add(&request)
	r.counts.points.Add(taken)
	r.counts.rejectedPoints.Add(rejected)
	answer := new(colmetrics.ExportMetricsServiceResponse)
	if rejected > 0 {
		answer.PartialSuccess = &colmetrics.ExportMetricsPartialSuccess{
			RejectedDataPoints: rejected, ErrorMessage: "more series than this receiver keeps",
		}
	}
	return answer, nil
}

func (r *Receiver) takeLogs(body []byte) (proto.Message, error) {
	var request collogs.ExportLogsServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, errors.New("the body is no ExportLogsServiceRequest")
	}
	r.counts.logs.Add(r.logs.add(&request))
	return new(collogs.ExportLogsServiceResponse), nil
}
