package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
)

// Tempo is Grafana Tempo's HTTP API, or Grafana's proxy to it. (Tempo's
// documentation, "Tempo HTTP API".)
type Tempo struct {
	HTTP

	// Since bounds a search for messages. Defaults to a day ago.
	Since time.Time
}

// Name says where it is.
func (t Tempo) Name() string { return "Tempo at " + t.host() }

// Holds says what it can know.
func (Tempo) Holds() story.Holding { return story.HoldsSpans }

// Look reads traces by their ids. Without one it searches for the message.
func (t Tempo) Look(ctx context.Context, c story.Clues) (found story.Found, err error) {
	ids := c.TraceIDs
	if len(ids) == 0 {
		if err := searchable(c); err != nil {
			return found, err
		}
		if ids, err = t.search(ctx, c); err != nil {
			return found, err
		}
	}
	for _, id := range traceIDs(ids, c.Linked) {
		body, err := t.trace(ctx, id)
		if err != nil {
			return found, err
		}
		if body == nil {
			continue
		}
		spans, cut, err := parseOTLP(body)
		found.Spans = append(found.Spans, spans...)
		if cut != "" {
			found.Cut = append(found.Cut, "of "+t.Name()+" "+cut)
		}
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// trace returns nil if there is none. Before version 2.7 there is no /api/v2,
// which answers 404, too.
func (t Tempo) trace(ctx context.Context, id string) ([]byte, error) {
	for _, path := range []string{"/api/v2/traces/", "/api/traces/"} {
		status, body, err := t.get(ctx, path+id, nil)
		if err != nil {
			return nil, err
		}
		if status == http.StatusOK {
			return body, nil
		}
	}
	return nil, nil
}

func (t Tempo) search(ctx context.Context, c story.Clues) (ids []string, err error) {
	since := orDayAgo(t.Since)
	for _, message := range slices.Concat(c.SQS, c.SNS) {
		status, body, err := t.get(ctx, "/api/search", url.Values{
			"q":     {fmt.Sprintf("{ span.messaging.message.id = %s }", strconv.Quote(message))},
			"limit": {"5"}, "start": {strconv.FormatInt(since.Unix(), 10)}, "end": {strconv.FormatInt(time.Now().Unix()+1, 10)},
		})
		if err != nil || status != http.StatusOK {
			return nil, err
		}
		var answer struct {
			Traces []struct {
				TraceID string `json:"traceID"`
			} `json:"traces"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, fmt.Errorf("the answer to a search: %w", err)
		}
		for _, found := range answer.Traces {
			ids = append(ids, pad(found.TraceID, 32))
		}
	}
	return ids, nil
}
