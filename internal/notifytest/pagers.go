package notifytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// PagerDuty is an account with one integration.
type PagerDuty struct {
	Faults
	problems

	mu     sync.Mutex
	key    string
	events []PagerDutyEvent
}

// PagerDutyEvent is an event that was taken.
type PagerDutyEvent struct {
	RoutingKey  string            `json:"routing_key"`
	EventAction string            `json:"event_action"`
	DedupKey    string            `json:"dedup_key"`
	Payload     *PagerDutyPayload `json:"payload"`
	Client      string            `json:"client"`
	ClientURL   string            `json:"client_url"`
	Links       []PagerDutyLink   `json:"links"`

	Raw json.RawMessage `json:"-"`
}

// PagerDutyPayload says what happened.
type PagerDutyPayload struct {
	Summary       string            `json:"summary"`
	Source        string            `json:"source"`
	Severity      string            `json:"severity"`
	Timestamp     string            `json:"timestamp"`
	Component     string            `json:"component"`
	Group         string            `json:"group"`
	Class         string            `json:"class"`
	CustomDetails map[string]string `json:"custom_details"`
}

// PagerDutyLink is a place to go on from.
type PagerDutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func newPagerDuty() *PagerDuty { return &PagerDuty{key: "0123456789abcdef0123456789abcdef"} }

// Rotate makes another routing key the only valid one.
func (p *PagerDuty) Rotate(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = key
}

// Events returns what was taken, the first event first.
func (p *PagerDuty) Events() []PagerDutyEvent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// Open returns the keys of incidents that are not resolved. Opened is how often
// one was opened.
func (p *PagerDuty) Open() (open []string, opened int) { return Open(p.Events()) }

// Open is what becomes of events: the keys of incidents that are not resolved,
// and how often one was opened.
func Open(events []PagerDutyEvent) (open []string, opened int) {
	on := map[string]struct{}{}
	for _, e := range events {
		_, is := on[e.DedupKey]
		switch {
		case e.EventAction == "resolve":
			delete(on, e.DedupKey)
		case !is:
			on[e.DedupKey] = struct{}{}
			opened++
		}
	}
	for key := range on {
		open = append(open, key)
	}
	return open, opened
}

// ServeHTTP takes an event. (PagerDuty, "Events API v2", "Send an alert event".)
func (p *PagerDuty) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	p.wrap(w, q, func(w http.ResponseWriter) {
		p.mu.Lock()
		defer p.mu.Unlock()
		raw := json.RawMessage{}
		var e PagerDutyEvent
		if err := decode(q, &raw); err != nil {
			p.add("%v", err)
		}
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.DisallowUnknownFields()
		var faults []string
		if err := d.Decode(&e); err != nil {
			faults = append(faults, err.Error())
		}
		if q.Method != http.MethodPost || q.URL.Path != "/v2/enqueue" || !strings.HasPrefix(q.Header.Get("Content-Type"), "application/json") {
			faults = append(faults, fmt.Sprintf("%s %s, %s", q.Method, q.URL.Path, q.Header.Get("Content-Type")))
		}
		faults = append(faults, e.check()...)
		for _, f := range faults {
			p.add("%s", f)
		}
		if e.RoutingKey != p.key {
			faults = append(faults, "Invalid routing key "+e.RoutingKey)
		}
		if len(faults) > 0 {
			answer(w, http.StatusBadRequest, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": faults})
			return
		}
		e.Raw = raw
		p.events = append(p.events, e)
		answer(w, http.StatusAccepted, map[string]string{"status": "success", "message": "Event processed", "dedup_key": e.DedupKey})
	})
}

func (e PagerDutyEvent) check() (faults []string) {
	if len(e.RoutingKey) != 32 {
		faults = append(faults, "routing_key: want 32 characters")
	}
	if e.DedupKey == "" || len(e.DedupKey) > 255 {
		faults = append(faults, fmt.Sprintf("dedup_key: %d characters, want 1 to 255", len(e.DedupKey)))
	}
	if e.EventAction == "resolve" {
		return faults
	}
	if e.EventAction != "trigger" || e.Payload == nil {
		return append(faults, "want a trigger with a payload, or a resolve")
	}
	pl := e.Payload
	if pl.Summary == "" || len(pl.Summary) > 1024 {
		faults = append(faults, fmt.Sprintf("summary: %d characters, want 1 to 1024", len(pl.Summary)))
	}
	if pl.Source == "" || !slices.Contains([]string{"critical", "error", "warning", "info"}, pl.Severity) {
		faults = append(faults, fmt.Sprintf("source %q, severity %q", pl.Source, pl.Severity))
	}
	if _, err := time.Parse(time.RFC3339Nano, pl.Timestamp); err != nil && pl.Timestamp != "" {
		faults = append(faults, err.Error())
	}
	for _, l := range e.Links {
		if !strings.HasPrefix(l.Href, "http") || l.Text == "" {
			faults = append(faults, fmt.Sprintf("link %+v", l))
		}
	}
	return faults
}

// IncidentIO is an HTTP alert source.
type IncidentIO struct {
	Faults
	problems

	mu     sync.Mutex
	token  string
	source string
	events []IncidentIOEvent
}

// IncidentIOEvent is an event that was taken.
type IncidentIOEvent struct {
	Title            string            `json:"title"`
	Description      string            `json:"description"`
	DeduplicationKey string            `json:"deduplication_key"`
	Status           string            `json:"status"`
	SourceURL        string            `json:"source_url"`
	Metadata         map[string]string `json:"metadata"`
}

func newIncidentIO() *IncidentIO { return &IncidentIO{token: "io-first", source: "01SOURCE"} }

// Move gives the source another address.
func (i *IncidentIO) Move(source string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.source = source
}

// Events returns what was taken, the first event first.
func (i *IncidentIO) Events() []IncidentIOEvent {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.events)
}

// ServeHTTP takes an event. (incident.io API reference, "Alert Events V2",
// "CreateHTTP".)
func (i *IncidentIO) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	i.wrap(w, q, func(w http.ResponseWriter) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if q.Header.Get("Authorization") != "Bearer "+i.token {
			answer(w, http.StatusUnauthorized, map[string]any{"type": "authentication_error", "status": 401})
			return
		}
		if q.URL.Path != "/v2/alert_events/http/"+i.source {
			answer(w, http.StatusNotFound, map[string]any{"type": "not_found", "status": 404})
			return
		}
		var e IncidentIOEvent
		err := decode(q, &e)
		if err != nil || q.Method != http.MethodPost || e.Title == "" ||
			e.DeduplicationKey == "" || (e.Status != "firing" && e.Status != "resolved") || !strings.HasPrefix(e.SourceURL, "http") {
			i.add("%s %s %+v: %v", q.Method, q.URL.Path, e, err)
			answer(w, http.StatusUnprocessableEntity, map[string]any{"type": "validation_error", "status": 422})
			return
		}
		i.events = append(i.events, e)
		answer(w, http.StatusAccepted, map[string]string{"status": "success", "message": "Event accepted for processing", "deduplication_key": e.DeduplicationKey})
	})
}
