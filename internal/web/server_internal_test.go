package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Half a page is none.
func TestHTML_CannotBeWritten_ProblemAlone(t *testing.T) {
	s := &server{Config: Config{Logger: slog.New(slog.DiscardHandler)}}
	w := httptest.NewRecorder()
	s.html(w, httptest.NewRequest(http.MethodGet, "/traces/1", http.NoBody), func(w io.Writer) error {
		_, err := io.WriteString(w, "<!doctype html>")
		return errors.Join(err, errors.New("password=hunter2"))
	})
	body := w.Body.String()
	if w.Code != http.StatusBadGateway || w.Header().Get("Content-Type") != "application/json" || !strings.HasPrefix(body, `{"detail":"The story could not be written.`) {
		t.Errorf("status %d, body %s", w.Code, body)
	}
	if strings.Contains(body, "hunter2") {
		t.Error("the error itself reached the page")
	}
}
