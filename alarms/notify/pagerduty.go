package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// pagerDuty sends events with a routing key. (PagerDuty, "Events API v2".)
type pagerDuty struct {
	client *http.Client
	url    string
	pause  time.Duration
	logger *slog.Logger
}

type pagerDutyEvent struct {
	RoutingKey  string            `json:"routing_key"`
	EventAction string            `json:"event_action"` // trigger or resolve
	DedupKey    string            `json:"dedup_key"`
	Payload     *pagerDutyPayload `json:"payload,omitempty"` // of a trigger
	Client      string            `json:"client,omitempty"`
	ClientURL   string            `json:"client_url,omitempty"`
	Links       []pagerDutyLink   `json:"links,omitempty"`
}

type pagerDutyPayload struct {
	Summary       string            `json:"summary"`
	Source        string            `json:"source"`
	Severity      string            `json:"severity"` // critical, error, warning or info
	Timestamp     string            `json:"timestamp,omitempty"`
	Component     string            `json:"component,omitempty"`
	Group         string            `json:"group,omitempty"`
	Class         string            `json:"class,omitempty"`
	CustomDetails map[string]string `json:"custom_details,omitempty"`
}

type pagerDutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// maxSummary is PagerDuty's limit.
const maxSummary = 1024

// pagerDutySeverities are PagerDuty's words for ours.
var pagerDutySeverities = map[string]string{
	pipeline.SeverityPage:   "critical",
	pipeline.SeverityTicket: "warning",
	pipeline.SeverityNotice: "info",
}

func (p *pagerDuty) firing(ctx context.Context, _ pipeline.Destination, c credential, m message, _ *told) error {
	return p.send(ctx, c, triggerEvent(m))
}

func (p *pagerDuty) over(ctx context.Context, _ pipeline.Destination, c credential, m message, _ *told) error {
	return p.send(ctx, c, pagerDutyEvent{EventAction: "resolve", DedupKey: m.Key})
}

// triggerEvent is an alarm that went on. It is complete but for the routing key.
func triggerEvent(m message) pagerDutyEvent {
	e := pagerDutyEvent{
		EventAction: "trigger", DedupKey: m.Key, Client: "CloudWatch " + m.Region, ClientURL: m.link(linkGraph),
		Payload: &pagerDutyPayload{
			Summary: shorten(summary(m), maxSummary), Source: m.Alarm, Severity: pagerDutySeverities[m.Severity],
			Timestamp: m.Since.UTC().Format(time.RFC3339Nano), Component: m.Hop, Group: m.Product + "-" + m.Environment, Class: m.Title,
			CustomDetails: details(m),
		},
	}
	for _, l := range m.Links {
		e.Links = append(e.Links, pagerDutyLink{Href: l.URL, Text: l.Text})
	}
	return e
}

// summary is an alarm in a line: what broke, and the value where it is one.
func summary(m message) string {
	s := m.Product + " " + m.Environment + ": " + m.Title
	if len(m.Readings) == 1 && m.Readings[0].Value != "" {
		s += " (" + m.Readings[0].String() + ")"
	}
	return s
}

// details are an alarm as pairs, for services that show them in a table.
func details(m message) map[string]string {
	pairs := map[string]string{
		"alarm": m.Alarm, "severity": m.Severity, "owner": m.Owner, "hop": m.Hop, "condition": shorten(m.Condition, maxReading), "since": m.Since.UTC().Format(time.RFC3339),
		"meaning": shorten(m.Meaning, maxMeaning), "reason": shorten(m.Reason, maxReason),
		"product": m.Product, "environment": m.Environment, "region": m.Region, "account": m.Account, "runbook": shorten(m.Runbook, maxURL), "next": m.Next,
	}
	var what []string
	for _, r := range m.Readings {
		r.Reason = shorten(r.Reason, maxReading)
		what = append(what, strings.TrimSpace(r.String()+" "+r.Runbook))
	}
	if m.More > 0 {
		what = append(what, fmt.Sprintf("and %d more", m.More))
	}
	pairs["what"] = shorten(strings.Join(what, "\n"), maxSection)
	for key, value := range pairs {
		if value == "" {
			delete(pairs, key)
		}
	}
	return pairs
}

// send sends an event. If PagerDuty refuses what the event says, it still takes
// that something broke.
func (p *pagerDuty) send(ctx context.Context, c credential, e pagerDutyEvent) error {
	err := p.try(ctx, c, e)
	if e.Payload == nil || !isInvalid(err) {
		return err
	}
	least := pagerDutyEvent{
		EventAction: e.EventAction, DedupKey: e.DedupKey,
		Payload: &pagerDutyPayload{Summary: e.Payload.Summary, Source: e.Payload.Source, Severity: e.Payload.Severity},
	}
	if p.try(ctx, c, least) != nil {
		return err
	}
	p.logger.WarnContext(ctx, "PagerDuty refuses the details; sent without", "alarm", e.Payload.Source, "error", err.Error())
	return nil
}

// try sends an event as it is. PagerDuty refuses a bad routing key with 400 like
// any other fault, so that a newer secret may help.
func (p *pagerDuty) try(ctx context.Context, c credential, e pagerDutyEvent) error {
	e.RoutingKey = c.token
	return retry(ctx, p.pause, func(ctx context.Context) error {
		answer, err := post(ctx, p.client, p.url, "", e)
		err = refusal(err, answer, c)
		if refused := (*deliveryError)(nil); errors.As(err, &refused) && !refused.temporary {
			refused.auth = true
		}
		return err
	})
}

// isInvalid reports whether an event was refused for something else than its
// routing key, which PagerDuty names then.
func isInvalid(err error) bool {
	code := codeOf(err)
	return err != nil && (code == "400" || code == "413") && !strings.Contains(strings.ToLower(err.Error()), "routing")
}
