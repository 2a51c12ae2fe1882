package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
	"github.com/tracehaul/tracehaul/internal/trace"
)

//go:embed static
var static embed.FS

// Source is where the page's content comes from.
type Source interface {
	// Latest returns at most n traces, the newest first.
	Latest(n int) []*trace.Trace
	// Look returns what is there of the clues, the messages with their bodies
	// if these are wanted.
	Look(ctx context.Context, c story.Clues, body bool) (story.Found, error)
	// Send posts one example event through the load balancer and returns
	// the id of its trace.
	Send(ctx context.Context) (traceID string, err error)
}

// Config says what the page shows.
type Config struct {
	// Source has the traces. Required.
	Source Source
	// Backends are asked beside it, for rows with their data if body is true.
	// Defaults to none.
	Backends func(body bool) []story.Backend
	// Expect is what the pipeline does with every event. Defaults to what the
	// spans tell.
	Expect story.Expect
	// Logger hears of errors that the page cannot show in full. Defaults to
	// silence.
	Logger *slog.Logger
}

const (
	latestTraces = 50
	queryTimeout = 5 * time.Second
	// maxClues bounds what is read of a look's clues.
	maxClues = 1 << 20
)

// New returns the page's handler.
func New(c Config) http.Handler {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &server{Config: c}
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the embedded directory has this name
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /story.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(story.StyleSheet)) // the reader is gone: nobody to tell
	})
	mux.HandleFunc("GET /api/traces", s.latest)
	mux.HandleFunc("GET /api/traces/{id}", s.trace)
	mux.HandleFunc("GET /traces/{id}", s.fragment)
	mux.HandleFunc("GET /traces/{id}/report", s.report)
	mux.HandleFunc("POST "+source.LookPath, s.look)
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

type server struct{ Config }

func (s *server) latest(w http.ResponseWriter, r *http.Request) {
	summaries := []summary{}
	for _, t := range s.Source.Latest(latestTraces) {
		summaries = append(summaries, summarise(t))
	}
	s.reply(w, r, http.StatusOK, summaries)
}

// local makes a back end of the source.
type local struct {
	Source

	body bool
}

func (l local) Name() string { return "this pipeline" }

func (local) Holds() story.Holding { return story.HoldsSpans | story.HoldsLogs | story.HoldsMessages }

func (l local) Look(ctx context.Context, c story.Clues) (story.Found, error) {
	return l.Source.Look(ctx, c, l.body)
}

// wantsBody reports whether data of rows and bodies of messages are asked for,
// which may be personal.
func wantsBody(r *http.Request) bool {
	body, _ := strconv.ParseBool(r.URL.Query().Get("body")) // anything else means no
	return body
}

// collect tells the story of the trace in the path. If it returns nil it has
// answered.
func (s *server) collect(w http.ResponseWriter, r *http.Request) *story.Story {
	id, body := r.PathValue("id"), wantsBody(r)
	backends := []story.Backend{local{s.Source, body}}
	if s.Backends != nil {
		backends = append(backends, s.Backends(body)...)
	}
	t, err := story.Collect(r.Context(), story.Config{
		Given: id, As: story.KindTrace, Backends: backends, Expect: s.Expect, Timeout: queryTimeout,
	})
	switch {
	case t == nil, errors.Is(err, story.ErrNothing):
		s.reply(w, r, http.StatusNotFound, problem{"No trace " + id + " is kept. Only the latest ones are."})
		return nil
	case err != nil && !errors.Is(err, story.ErrNoEvent):
		s.fail(w, r, "The trace could not be read.", err)
		return nil
	}
	return t
}

func (s *server) trace(w http.ResponseWriter, r *http.Request) {
	if t := s.collect(w, r); t != nil {
		s.reply(w, r, http.StatusOK, t)
	}
}

func (s *server) fragment(w http.ResponseWriter, r *http.Request) {
	if t := s.collect(w, r); t != nil {
		s.html(w, r, t.WriteFragment)
	}
}

// report is the story in one file, to keep.
func (s *server) report(w http.ResponseWriter, r *http.Request) {
	if t := s.collect(w, r); t != nil {
		w.Header().Set("Content-Disposition", "attachment; filename=trace-"+t.TraceID+".html")
		s.html(w, r, t.WriteHTML)
	}
}

func (s *server) look(w http.ResponseWriter, r *http.Request) {
	var c story.Clues
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxClues)).Decode(&c); err != nil {
		s.reply(w, r, http.StatusBadRequest, problem{"A look wants clues in JSON."})
		return
	}
	found, err := s.Source.Look(r.Context(), c, wantsBody(r))
	if err != nil {
		s.fail(w, r, "Nobody could look.", err)
		return
	}
	s.reply(w, r, http.StatusOK, found)
}

func (s *server) send(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	id, err := s.Source.Send(ctx)
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
	s.Logger.WarnContext(r.Context(), detail, slog.String("error", err.Error()))
	s.reply(w, r, http.StatusBadGateway, problem{detail + " The log of `tracehaul up` says why."})
}

func (s *server) reply(w http.ResponseWriter, r *http.Request, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "encode a reply", slog.String("error", err.Error()))
		http.Error(w, `{"detail":"The reply could not be written."}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the reader is gone: nobody to tell
}

func (s *server) html(w http.ResponseWriter, r *http.Request, write func(w io.Writer) error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		s.fail(w, r, "The story could not be written.", err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the reader is gone: nobody to tell
}
