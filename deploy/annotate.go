package deploy

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ResultStarted is the result of a deploy that has begun. Any other is an
// [Outcome].
const ResultStarted = "started"

// tagDeploy is what the dashboards find deploys by, with the pipeline's prefix.
const tagDeploy = "deploy"

// Annotation is a deploy on the time axis of the dashboards. Version, Run and
// component say which one: the same deploy is written once.
type Annotation struct {
	// Pipeline is the prefix of the pipeline, such as prod-orders. Required.
	Pipeline string

	// Component is what was deployed. Required.
	Component string

	// Result is [ResultStarted] or an outcome. Required.
	Result string

	// Version is what was deployed. Required.
	Version string

	// Commit is its address. Defaults to none.
	Commit string

	// Run is the address of the job. Defaults to none: then the version alone
	// says which deploy it is.
	Run string

	// Who deployed it. Defaults to nobody.
	Who string

	// Text is a sentence on what became of it. Defaults to none.
	Text string

	// Began is when the deploy began. Defaults to now, or to what was written at
	// the beginning.
	Began time.Time

	// Ended is when it ended: the annotation is a region. Defaults to not yet.
	Ended time.Time
}

// Validate reports everything that is missing or wrong.
func (a Annotation) Validate() error {
	var errs []error
	for _, f := range []struct{ name, value string }{{"pipeline", a.Pipeline}, {"component", a.Component}, {"version", a.Version}} {
		if strings.TrimSpace(f.value) == "" {
			errs = append(errs, errors.New(f.name+": want one"))
		}
	}
	if want := results(); !slices.Contains(want, a.Result) {
		errs = append(errs, fmt.Errorf("result %q: want one of %s", a.Result, strings.Join(want, ", ")))
	}
	for _, f := range []struct{ name, value string }{{"commit", a.Commit}, {"run", a.Run}} {
		if u, err := url.Parse(f.value); f.value != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http")) {
			errs = append(errs, fmt.Errorf("%s %q: want an address", f.name, f.value))
		}
	}
	if !a.Ended.IsZero() && a.Ended.Before(a.Began) {
		errs = append(errs, fmt.Errorf("it ended %s, before it began, %s", moment(a.Ended), moment(a.Began)))
	}
	return errors.Join(errs...)
}

// results are what an [Annotation] may have as its result.
func results() []string {
	all := []string{ResultStarted}
	for _, o := range outcomes() {
		all = append(all, string(o))
	}
	return all
}

func (a Annotation) tags() []string {
	return []string{tagDeploy, a.Pipeline, a.Component, a.Result}
}

// identity is the beginning of the text. Grafana shows it as HTML.
func (a Annotation) identity() string {
	text := anchor(a.Version, a.Commit) + " of " + html.EscapeString(a.Component)
	if a.Run != "" {
		text += " by " + anchor("this run", a.Run)
	}
	return text + ": "
}

func (a Annotation) text() string {
	text := a.identity() + html.EscapeString(a.Result)
	if a.Text != "" {
		text += "<br>" + html.EscapeString(a.Text)
	}
	if a.Who != "" {
		text += "<br>" + html.EscapeString(a.Who)
	}
	return text
}

func anchor(text, address string) string {
	if address == "" {
		return html.EscapeString(text)
	}
	return `<a href="` + html.EscapeString(address) + `">` + html.EscapeString(text) + `</a>`
}

// Annotated is what was done.
type Annotated struct {
	ID     int64  `json:"id"`
	Action string `json:"action"` // created, updated or unchanged
}

// grafanaAnnotation is an annotation in Grafana's API. Times are milliseconds.
// (Grafana HTTP API, "Annotations".)
type grafanaAnnotation struct {
	ID      int64    `json:"id,omitempty"`
	Time    int64    `json:"time,omitempty"`
	TimeEnd int64    `json:"timeEnd,omitempty"`
	Tags    []string `json:"tags"`
	Text    string   `json:"text"`
}

// Annotate writes a deploy into Grafana, or brings up to date what was written at
// its beginning. It looks first, so that a step which runs again writes nothing
// twice. What may pass (429, 5xx, no answer) is tried five times. The token is in
// no error.
func Annotate(ctx context.Context, grafanaURL, token string, a Annotation) (Annotated, error) {
	g, err := newGrafana(grafanaURL, token)
	if err = errors.Join(err, a.Validate()); err != nil {
		return Annotated{}, fmt.Errorf("annotation: %w", err)
	}
	return g.annotate(ctx, a)
}

func (g *grafana) annotate(ctx context.Context, a Annotation) (done Annotated, err error) {
	now := time.Now()
	err = g.retry(ctx, func() error { // as a whole: a POST without an answer may have written it
		found, err := g.find(ctx, a, now)
		if err != nil {
			return err
		}
		if found == nil {
			done, err = g.create(ctx, a, now)
		} else {
			done, err = g.bring(ctx, a, found)
		}
		return err
	})
	if err != nil {
		return Annotated{}, fmt.Errorf("annotation in Grafana: %w", err)
	}
	return done, nil
}

// find returns what is written of the deploy, if there is anything.
func (g *grafana) find(ctx context.Context, a Annotation, now time.Time) (*grafanaAnnotation, error) {
	const window = 7 * 24 * time.Hour
	query := url.Values{
		"tags": {tagDeploy, a.Pipeline, a.Component}, "type": {"annotation"}, "limit": {"1000"},
		"from": {milliseconds(now.Add(-window))}, "to": {milliseconds(now.Add(window))},
	}
	var all []grafanaAnnotation
	if err := g.call(ctx, http.MethodGet, "/api/annotations", query, nil, &all); err != nil {
		return nil, err
	}
	for i := range all {
		if strings.HasPrefix(all[i].Text, a.identity()) {
			return &all[i], nil
		}
	}
	return nil, nil
}

func (g *grafana) create(ctx context.Context, a Annotation, now time.Time) (Annotated, error) {
	in := grafanaAnnotation{Time: now.UnixMilli(), Tags: a.tags(), Text: a.text()}
	if !a.Began.IsZero() {
		in.Time = a.Began.UnixMilli()
	}
	if !a.Ended.IsZero() {
		in.TimeEnd = a.Ended.UnixMilli()
	}
	var out struct {
		ID int64 `json:"id"`
	}
	err := g.call(ctx, http.MethodPost, "/api/annotations", nil, in, &out)
	return Annotated{out.ID, "created"}, err
}

// bring brings an annotation up to date. One that has ended keeps its end: the
// step runs again, not the deploy.
func (g *grafana) bring(ctx context.Context, a Annotation, is *grafanaAnnotation) (Annotated, error) {
	ended := is.TimeEnd > is.Time
	same := slices.Equal(slices.Sorted(slices.Values(is.Tags)), slices.Sorted(slices.Values(a.tags()))) && is.Text == a.text()
	if same && (ended || a.Ended.IsZero()) {
		return Annotated{is.ID, "unchanged"}, nil
	}
	if ended && a.Result == ResultStarted {
		return Annotated{is.ID, "unchanged"}, nil // of a deploy that is over already
	}
	in := grafanaAnnotation{Tags: a.tags(), Text: a.text()}
	if !a.Ended.IsZero() {
		in.TimeEnd = a.Ended.UnixMilli()
	}
	var out struct {
		Message string `json:"message"`
	}
	err := g.call(ctx, http.MethodPatch, "/api/annotations/"+strconv.FormatInt(is.ID, 10), nil, in, &out)
	return Annotated{is.ID, "updated"}, err
}

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
