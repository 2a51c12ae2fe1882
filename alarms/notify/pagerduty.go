package notify

import (
	"context"
	"encoding/json"
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
	Timestamp     string            `json:"timestamp"`
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

func (p *pagerDuty) firing(ctx context.Context, _ pipeline.Destination, c credential, m Message, _ *told) error {
	return p.send(ctx, c, triggerEvent(m))
}

func (p *pagerDuty) over(ctx context.Context, _ pipeline.Destination, c credential, m Message, _ *told) error {
	return p.send(ctx, c, pagerDutyEvent{EventAction: "resolve", DedupKey: m.Key})
}

// triggerEvent is an alarm that went on. It is complete but for the routing key.
func triggerEvent(m Message) pagerDutyEvent {
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
func summary(m Message) string {
	s := m.Product + " " + m.Environment + ": " + m.Title
	if len(m.Readings) == 1 && m.Readings[0].Value != "" {
		s += " (" + m.Readings[0].String() + ")"
	}
	return s
}

// details are an alarm as pairs, for services that show them in a table.
func details(m Message) map[string]string {
	pairs := map[string]string{
		"alarm": m.Alarm, "severity": m.Severity, "owner": m.Owner, "hop": m.Hop, "since": m.Since.UTC().Format(time.RFC3339),
		"meaning": shorten(m.Meaning, maxMeaning), "reason": shorten(m.Reason, maxReason),
		"product": m.Product, "environment": m.Environment, "region": m.Region, "account": m.Account, "runbook": shorten(m.Runbook, maxURL),
	}
	var what []string
	for _, r := range m.Readings {
		r.Reason = shorten(r.Reason, maxReading)
		what = append(what, strings.TrimSpace(r.String()+" "+r.Runbook))
	}
	pairs["what"] = shorten(strings.Join(what, "\n"), maxSection)
	for key, value := range pairs {
		if value == "" {
			delete(pairs, key)
		}
	}
	return pairs
}

func (p *pagerDuty) send(ctx context.Context, c credential, e pagerDutyEvent) error {
	e.RoutingKey = c.token
	return retry(ctx, p.pause, func(ctx context.Context) error {
		answer, err := post(ctx, p.client, p.url, "", e)
		return refusal(err, answer, c)
	})
}

// refusal adds to a permanent error what the answer says of it. PagerDuty
// refuses a bad routing key with 400 like any other fault, so that a newer
// secret may help.
func refusal(err error, answer []byte, c credential) error {
	e, ok := err.(*deliveryError) //nolint:errorlint // it comes straight from post
	if !ok || e.temporary {
		return err
	}
	var body struct {
		Message string   `json:"message"`
		Errors  []string `json:"errors"`
	}
	if json.Unmarshal(answer, &body) == nil && body.Message != "" {
		e.text += ": " + c.redact(shorten(body.Message, 200))
		for _, more := range body.Errors[:min(len(body.Errors), 5)] {
			e.text += "; " + c.redact(shorten(more, 200))
		}
	}
	e.auth = true
	return e
}
