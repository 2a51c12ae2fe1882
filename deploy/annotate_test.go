package deploy_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/deploy"
	"github.com/tracehaul/tracehaul/internal/deploytest"
)

// started is the annotation of a deploy that has just begun.
func started() deploy.Annotation {
	return deploy.Annotation{
		Pipeline: "prod-orders", Component: "intake", Result: deploy.ResultStarted, Version: "4f2a1c9",
		Commit: "https://github.com/tracehaul/tracehaul/commit/4f2a1c9", Run: "https://github.com/tracehaul/tracehaul/actions/runs/1",
		Who: "octocat", Began: time.Now().Truncate(time.Second),
	}
}

// annotate returns the pauses that were made as well.
func annotate(t *testing.T, g *deploytest.Grafana, a deploy.Annotation) (done deploy.Annotated, pauses []time.Duration, err error) {
	t.Helper()
	done, err = deploy.AnnotateWithSleep(t.Context(), func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}, g.URL, deploytest.Token, a)
	return done, pauses, err
}

func TestAnnotate_BeginAndEnd_OneRegion(t *testing.T) {
	g := deploytest.StartGrafana(t)
	a := started()
	for i, want := range []string{"created", "unchanged"} { // the step runs again
		if done, _, err := annotate(t, g, a); err != nil || done != (deploy.Annotated{ID: 1, Action: want}) {
			t.Fatalf("%d: %+v, %v; want %s", i, done, err, want)
		}
	}
	end := a
	end.Result, end.Text, end.Began, end.Ended = "rolled-back", "by the alarm prod-orders-rollback-5xx-a & <so>", time.Time{}, a.Began.Add(20*time.Minute)
	for i, want := range []string{"updated", "unchanged"} {
		if done, _, err := annotate(t, g, end); err != nil || done != (deploy.Annotated{ID: 1, Action: want}) {
			t.Fatalf("%d: %+v, %v; want %s", i, done, err, want)
		}
		end.Ended = end.Ended.Add(time.Hour)
	}
	// The whole job runs again: what has ended does not begin anew.
	if done, _, err := annotate(t, g, a); err != nil || done.Action != "unchanged" {
		t.Errorf("%+v, %v", done, err)
	}
	want := []deploytest.Annotation{{
		ID: 1, Time: a.Began.UnixMilli(), TimeEnd: a.Began.Add(20 * time.Minute).UnixMilli(), Tags: []string{"deploy", "prod-orders", "intake", "rolled-back"},
		Text: `<a href="https://github.com/tracehaul/tracehaul/commit/4f2a1c9">4f2a1c9</a> of intake by <a href="https://github.com/tracehaul/tracehaul/actions/runs/1">this run</a>: ` +
			`rolled-back<br>by the alarm prod-orders-rollback-5xx-a &amp; &lt;so&gt;<br>octocat`,
	}}
	if diff := cmp.Diff(want, g.Annotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestAnnotate_EndLearnedLater_IsAdded(t *testing.T) {
	g := deploytest.StartGrafana(t)
	a := started()
	a.Result = "timed-out"
	if _, _, err := annotate(t, g, a); err != nil {
		t.Fatal(err)
	}
	a.Ended = a.Began.Add(time.Hour)
	if done, _, err := annotate(t, g, a); err != nil || done.Action != "updated" || g.Annotations()[0].TimeEnd != a.Ended.UnixMilli() {
		t.Errorf("%+v, %v; %+v", done, err, g.Annotations())
	}
}

// Another run, another component and another version are other deploys.
func TestAnnotate_OtherDeploys_OtherAnnotations(t *testing.T) {
	g := deploytest.StartGrafana(t)
	run, component, version := started(), started(), started()
	run.Run += "2"
	component.Component = "ledger"
	version.Version += "0"
	for _, a := range []deploy.Annotation{started(), run, component, version} {
		if done, _, err := annotate(t, g, a); err != nil || done.Action != "created" {
			t.Errorf("%+v: %+v, %v", a, done, err)
		}
	}
}

func TestAnnotate_PassingFaults_RetriedAndWrittenOnce(t *testing.T) {
	post := http.MethodPost
	for name, test := range map[string]struct {
		faults []deploytest.Fault
		pauses []time.Duration
	}{
		"too many requests": {[]deploytest.Fault{{Status: 429, Header: map[string]string{"Retry-After": "7"}}}, []time.Duration{7 * time.Second}},
		"asks for too long": {[]deploytest.Fault{{Status: 429, Header: map[string]string{"Retry-After": "3600"}}}, []time.Duration{30 * time.Second}},
		"its own fault":     {[]deploytest.Fault{{Status: 502}, {Method: post, Status: 500}}, []time.Duration{time.Second, 2 * time.Second}},
		"hangs up":          {[]deploytest.Fault{{Method: post}}, []time.Duration{time.Second}},
		// It was written, and nobody knows: looking again finds it.
		"no answer":   {[]deploytest.Fault{{Method: post, Done: true}}, []time.Duration{time.Second}},
		"late answer": {[]deploytest.Fault{{Method: post, Status: 504, Done: true}}, []time.Duration{time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			g := deploytest.StartGrafana(t)
			g.Fail(test.faults...)
			done, pauses, err := annotate(t, g, started())
			if err != nil || done.ID != 1 || len(g.Annotations()) != 1 || !slices.Equal(pauses, test.pauses) {
				t.Errorf("%+v, %v, pauses %v, want %v; %+v", done, err, pauses, test.pauses, g.Annotations())
			}
		})
	}
}

func TestAnnotate_Refusals_SayWhatToDoAndNotTheToken(t *testing.T) {
	for name, test := range map[string]struct {
		faults []deploytest.Fault
		says   string
		calls  int
	}{
		"bad token":  {[]deploytest.Fault{{Status: 401, Message: "no such key: " + deploytest.Token}}, "want a valid token", 1},
		"no right":   {[]deploytest.Fault{{Method: http.MethodPost, Status: 403, Message: "You'll need additional permissions"}}, "lacks annotations:create", 2},
		"redirect":   {[]deploytest.Fault{{Status: 302, Header: map[string]string{"Location": "/login"}}}, "redirects are not followed", 1},
		"not better": {slices.Repeat([]deploytest.Fault{{Status: 503}}, 9), "after 5 attempts", 5},
	} {
		t.Run(name, func(t *testing.T) {
			g := deploytest.StartGrafana(t)
			g.Fail(test.faults...)
			_, _, err := annotate(t, g, started())
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), deploytest.Token) {
				t.Errorf("error %v, want one with %q and without the token", err, test.says)
			}
			if calls := g.Calls(); len(calls) != test.calls {
				t.Errorf("calls %v, want %d", calls, test.calls)
			}
		})
	}
}

func TestAnnotate_NotGrafana_SaysSo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer server.Close()
	if _, err := deploy.Annotate(t.Context(), server.URL, deploytest.Token, started()); err == nil || !strings.Contains(err.Error(), "is the address right?") {
		t.Errorf("error %v", err)
	}
}

func TestAnnotate_BadSettings_AllNamed(t *testing.T) {
	a := deploy.Annotation{Result: "fine", Commit: "4f2a1c9", Began: began, Ended: began.Add(-time.Second)}
	_, err := deploy.Annotate(t.Context(), "https://u:secret@grafana.example.com", "two words", a)
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"address of Grafana", "token of Grafana", "pipeline: want", "component: want", "version: want", `result "fine"`, `commit "4f2a1c9"`, "before it began"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "two words") {
		t.Errorf("a secret is in: %v", err)
	}
}
