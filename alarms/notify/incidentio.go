package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// incidentIO sends alert events to an HTTP alert source. (incident.io API
// reference, "Alert Events V2".)
type incidentIO struct {
	client *http.Client
	pause  time.Duration
}

type incidentIOEvent struct {
	Title            string            `json:"title"`
	Description      string            `json:"description,omitempty"`
	DeduplicationKey string            `json:"deduplication_key"`
	Status           string            `json:"status"` // firing or resolved
	SourceURL        string            `json:"source_url,omitempty"`
	Metadata         map[string]string `json:"metadata,omitempty"`
}

func (i *incidentIO) firing(ctx context.Context, _ pipeline.Destination, c credential, m message, _ *told) error {
	return i.send(ctx, c, alertEvent(m, "firing"))
}

func (i *incidentIO) over(ctx context.Context, _ pipeline.Destination, c credential, m message, _ *told) error {
	return i.send(ctx, c, alertEvent(m, "resolved"))
}

// alertEvent is an alarm that changed. Its description is Markdown.
func alertEvent(m message, status string) incidentIOEvent {
	e := incidentIOEvent{
		Title: shorten(summary(m), maxSummary), DeduplicationKey: m.Key, Status: status, SourceURL: m.link(linkGraph), Metadata: details(m),
	}
	parts := []string{shorten(m.Meaning, maxMeaning)}
	for _, r := range m.Readings {
		r.Reason = shorten(r.Reason, maxReading)
		parts = append(parts, "- "+r.String())
	}
	if m.More > 0 {
		parts = append(parts, fmt.Sprintf("- and %d more", m.More))
	}
	for _, l := range m.Links {
		parts = append(parts, "["+l.Text+"]("+l.URL+")")
	}
	e.Description = strings.TrimSpace(strings.Join(parts, "\n"))
	return e
}

func (i *incidentIO) send(ctx context.Context, c credential, e incidentIOEvent) error {
	return retry(ctx, i.pause, func(ctx context.Context) error {
		answer, err := post(ctx, i.client, c.url, c.token, e)
		if refused := (*deliveryError)(nil); errors.As(err, &refused) && refused.code == "404" {
			refused.auth = true // the address is in the secret
		}
		return refusal(err, answer, c)
	})
}
