package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// Page is the page that `tracehaul up` serves, which keeps the spans of a local
// pipeline.
type Page struct {
	URL string
}

// Spans implements Traces.
func (p Page) Spans(ctx context.Context, traceID string) ([]trace.Span, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/api/traces/"+url.PathEscape(traceID), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the page of the local pipeline: %s", reason(err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound: // nothing yet
		return nil, nil
	default:
		return nil, fmt.Errorf("the page of the local pipeline answers %s", response.Status)
	}
	var detail struct {
		Spans []trace.Span `json:"spans"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxDashboard)).Decode(&detail); err != nil {
		return nil, fmt.Errorf("the page of the local pipeline: %w", err)
	}
	return detail.Spans, nil
}
