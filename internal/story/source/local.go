package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// LookPath is where a local pipeline answers looks: a POST of clues in JSON.
const LookPath = "/api/look"

// Local is a pipeline that another process keeps running on this machine. It
// tells of spans, log lines, the access log, and what lies in its queues, which
// it looks at without receiving.
type Local struct {
	HTTP

	// Body asks for the messages' bodies. Defaults to false.
	Body bool
}

// Name says where it is.
func (l Local) Name() string { return "tracehaul up at " + l.host() }

// Holds says what it can know.
func (Local) Holds() story.Holding { return story.HoldsSpans | story.HoldsLogs | story.HoldsMessages }

// Look asks it.
func (l Local) Look(ctx context.Context, c story.Clues) (found story.Found, err error) {
	clues, err := json.Marshal(c)
	if err != nil {
		return found, err
	}
	address := strings.TrimSuffix(l.URL, "/") + LookPath + "?" + url.Values{"body": {strconv.FormatBool(l.Body)}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(clues))
	if err != nil {
		return found, err
	}
	r.Header.Set("Content-Type", "application/json")
	status, body, err := l.do(r)
	if err != nil {
		return found, err
	}
	if status != http.StatusOK {
		return found, fmt.Errorf("the answer is %d: want tracehaul up of the same version", status)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&found); err != nil {
		return found, fmt.Errorf("the answer to a look: %w", err)
	}
	for i := range found.Spans {
		spanNumbers(&found.Spans[i])
	}
	for i := range found.Logs {
		plainAll(found.Logs[i].Attributes)
	}
	return found, nil
}

func spanNumbers(s *trace.Span) {
	plainAll(s.Attributes)
	for i := range s.Links {
		plainAll(s.Links[i].Attributes)
	}
	for i := range s.Events {
		plainAll(s.Events[i].Attributes)
	}
}
