package web

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

//go:embed static
var static embed.FS

// ErrNotFound is what a [Source] returns for a trace or row it does not have.
var ErrNotFound = errors.New("not found")

// Source is where the page's content comes from.
type Source interface {
	// Latest returns at most n traces, the newest first.
	Latest(n int) []*trace.Trace
	// Trace returns all spans of one trace and the spans of other traces
	// that it links to, or ErrNotFound.
	Trace(id string) (t *trace.Trace, linked []trace.Span, err error)
	// Rows returns the rows that carry the trace id.
	Rows(ctx context.Context, traceID string) ([]trace.Row, error)
	// AccessLog returns the load balancer's lines about the trace.
	AccessLog(traceID string) []string
	// Send posts one example event through the load balancer and returns
	// the id of its trace.
	Send(ctx context.Context) (traceID string, err error)
}

const (
	latestTraces = 50
	queryTimeout = 5 * time.Second
)

// New returns the page's handler. Errors that the page cannot show in full
// are logged to log.
func New(src Source, log *slog.Logger) http.Handler {
	s := &server{src: src, log: log}
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the embedded directory has this name
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /api/traces", s.latest)
	mux.HandleFunc("GET /api/traces/{id}", s.trace)
	mux.HandleFunc("POST /api/events", s.send)
	return guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard keeps the page to this machine: a name that resolves to a loopback
// address but is not one of its own (DNS rebinding) is refused.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this page is served to localhost only", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

type server struct {
	src Source
	log *slog.Logger
}

func (s *server) latest(w http.ResponseWriter, r *http.Request) {
	summaries := []summary{}
	for _, t := range s.src.Latest(latestTraces) {
		summaries = append(summaries, summarise(t))
	}
	s.reply(w, r, http.StatusOK, summaries)
}

func (s *server) trace(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	t, linked, err := s.src.Trace(id)
	if errors.Is(err, ErrNotFound) {
		s.reply(w, r, http.StatusNotFound, problem{"No trace " + id + " is kept. Only the latest ones are."})
		return
	}
	if err != nil {
		s.fail(w, r, "The trace could not be read.", err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	d := detail{summary: summarise(t), Spans: flatten(t), Linked: nonNil(linked), AccessLog: nonNil(s.src.AccessLog(id))}
	rows, err := s.src.Rows(ctx, id)
	if err != nil {
		s.log.WarnContext(ctx, "read the rows of a trace", slog.String("error", err.Error()))
		d.RowsProblem = "The database could not be asked for the row. It may be away; the spans tell the way so far."
	}
	d.Rows = nonNil(rows)
	d.Hops = hops(t, d.AccessLog, d.Rows)
	s.reply(w, r, http.StatusOK, d)
}

func (s *server) send(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	id, err := s.src.Send(ctx)
	if err != nil {
		s.fail(w, r, "The event was not accepted.", err)
		return
	}
	s.reply(w, r, http.StatusAccepted, map[string]string{"trace_id": id})
}

// problem is what the page shows in place of content.
type problem struct {
	Detail string `json:"detail"`
}

func (s *server) fail(w http.ResponseWriter, r *http.Request, detail string, err error) {
	s.log.WarnContext(r.Context(), detail, slog.String("error", err.Error()))
	s.reply(w, r, http.StatusBadGateway, problem{detail + " The log of `tracehaul up` says why."})
}

func (s *server) reply(w http.ResponseWriter, r *http.Request, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		s.log.ErrorContext(r.Context(), "encode a reply", slog.String("error", err.Error()))
		http.Error(w, `{"detail":"The reply could not be written."}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the reader is gone: nobody to tell
}

// nonNil makes JSON of an absent list [] rather than null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
