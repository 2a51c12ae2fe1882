package notify_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestSecrets_AreKeptForFiveMinutes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began), off("2", began.Add(time.Minute)))
	if n := b.Secrets.Reads("orders/slack"); n != 1 {
		t.Errorf("the secret was read %d times, want once", n)
	}
	b.setNow(began.Add(6 * time.Minute))
	b.Secrets.FailAlways(notifytest.Fault{Status: 500})
	b.mustHandle(t, on("3", began.Add(6*time.Minute))) // the old one still works
	calls := b.Secrets.Calls()
	if calls <= 2 {
		t.Errorf("Secrets Manager had %d calls", calls)
	}
	b.mustHandle(t, on("4", began.Add(6*time.Minute)))
	if more := b.Secrets.Calls() - calls; more != 0 {
		t.Errorf("Secrets Manager, which is away, had %d more calls at once", more)
	}
	b.setNow(began.Add(7 * time.Minute))
	b.mustHandle(t, on("5", began.Add(7*time.Minute)))
	if b.Secrets.Calls() == calls {
		t.Error("Secrets Manager is not asked again")
	}
}

func TestSecrets_FaultPasses_SameDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Secrets.Fail(4, notifytest.Fault{Status: 500})
	b.mustHandle(t, on("1", began))
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 1 || len(events) != 1 {
		t.Errorf("%d posts and %d events, want 1 of each", len(posts), len(events))
	}
}

func TestSecrets_OneIsSlow_OthersDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, func(p *pipeline.Pipeline) {
			p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
			p.Routing.Routes = []pipeline.Route{
				{Severity: "ticket", When: pipeline.WhenAlways, To: []string{"io"}}, {Severity: "page", When: pipeline.WhenAlways, To: []string{"on-call"}},
			}
		})
		b.Secrets.Set("orders/io", `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`)
		b.Secrets.Slow("orders/io", time.Second)
		ticket := on("1", began)
		ticket.topic, ticket.name = ticketTopic, "prod-orders-other"
		var handled sync.WaitGroup
		handled.Go(func() { _ = b.handle(t, ticket) })
		for b.Secrets.Reads("orders/io") == 0 {
			time.Sleep(time.Millisecond)
		}
		b.mustHandle(t, on("2", began))
		if n := len(b.IncidentIO.Events()); n != 0 {
			t.Error("the page waited for the secret of another destination")
		}
		handled.Wait()
	})
}

// A part of a secret is one, too.
func TestSecrets_AcrossTheCutOfAText_AreRedacted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		b.Secrets.Set("orders/slack", `{"token": "`+slackToken+`"}`)
		for length := 85; length < 205; length += 2 { // texts are cut at 100 and 200
			long := strings.Repeat("x", length)
			b.Slack.Fail(2, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"` + long + slackToken + `"}`})
			b.PagerDuty.Fail(4, notifytest.Fault{Status: 400, Body: `{"message":"` + long + routingKey + `","errors":["` + long + routingKey + `"]}`})
			written := fmt.Sprint(b.handle(t, on(strconv.Itoa(length), began))) + b.log.String()
			for _, secret := range []string{slackToken, routingKey} {
				if at := strings.Index(written, "x"+secret[:4]); at >= 0 {
					t.Fatalf("behind %d characters: %s", length, written[at:][:20])
				}
			}
			b.Slack.Recover()
			b.PagerDuty.Recover()
		}
	})
}

func TestSecrets_Rotated_AreReadOnceMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.Rotate("xoxb-second")
	b.Secrets.Set("orders/slack", `{"token": "xoxb-second"}`)
	b.PagerDuty.Rotate("fedcba9876543210fedcba9876543210")
	b.Secrets.Set("orders/pagerduty", "fedcba9876543210fedcba9876543210")
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 2 || len(events) != 2 {
		t.Errorf("%d posts and %d events, want 2 of each", len(posts), len(events))
	}
	if s, p := b.Secrets.Reads("orders/slack"), b.Secrets.Reads("orders/pagerduty"); s != 2 || p != 2 {
		t.Errorf("read %d and %d times, want twice each", s, p)
	}
}

// Everything that is written, in every way to fail, without a secret in it.
func TestSecrets_AreInNoErrorOrLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, func(p *pipeline.Pipeline) {
			p.Routing.HeartbeatSecret = "orders/heartbeat"
			p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
			p.Routing.Routes[0].To = append(p.Routing.Routes[0].To, "io")
		})
		var errs []error
		id := 0
		try := func() {
			id++
			errs = append(errs, b.handle(t, on(strings.Repeat("i", id), began.Add(time.Duration(id)*time.Minute))))
			b.setNow(b.clock().Add(10 * time.Minute)) // secrets are read anew
			errs = append(errs, b.handle(t, heartbeat(strings.Repeat("h", id), "ALARM")))
		}
		words := []string{"hunter2", "xoxb-first", routingKey, "01SOURCE", "ping/abc"}
		set := func(slack, pagerduty, io, beat string) {
			b.Secrets.Set("orders/slack", slack)
			b.Secrets.Set("orders/pagerduty", pagerduty)
			b.Secrets.Set("orders/io", io)
			b.Secrets.Set("orders/heartbeat", beat)
			try()
		}
		const wrongKey = "hunter2hunter2hunter2hunter2hunt"
		set(slackToken, routingKey, `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`, b.SwitchURL)
		set("xoxb-hunter2", wrongKey, `{"url": "`+b.IncidentIOURL+`", "token": "hunter2"}`, "http://127.0.0.1:1/hunter2")
		set(`{"token": "hunter2`, `{"key": "hunter2"}`, "hunter2", "hunter2 hunter2")
		set("hunter2 hunter2", `{"routing_key": 2, "hunter2": 2}`, `{"url": "hunter2", "token": "x"}`, "https://hunter2\x7f/")
		set(slackToken, routingKey, `{"url": "http://127.0.0.1:1/hunter2", "token": "io-first"}`, "http://127.0.0.1:1/hunter2")
		b.Slack.Fail(100, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"bad token xoxb-first"}`})
		b.PagerDuty.Fail(100, notifytest.Fault{Status: 400, Body: `{"message":"bad key ` + routingKey + `","errors":["` + routingKey + `"]}`})
		try()
		written := b.log.String() + errors.Join(errs...).Error()
		for _, word := range words {
			if at := strings.Index(written, word); at >= 0 {
				t.Errorf("%q was written: ...%s", word, written[max(0, at-200):at+len(word)])
			}
		}
		for _, want := range []string{`want a bot token, or JSON`, `want a routing key, or JSON`, `want JSON {`, "dead man's switch not called", "[redacted]"} {
			if !strings.Contains(written, strings.ReplaceAll(want, `"`, `\"`)) {
				t.Errorf("nothing written says %q", want)
			}
		}
	})
}

func heartbeat(id, state string) alarm {
	return alarm{id: id, topic: ticketTopic, name: "prod-orders-heartbeat", old: "OK", new: state, at: began, description: "Goes on every hour."}
}

// Only the kit's own heartbeat is none of people's business.
func TestHeartbeat_TeamsAlarmOfASimilarName_IsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"prod-orders-sync-heartbeat", "prod-orders-heartbeat-missing", "heartbeat"} {
		a := on(name, began)
		a.name = name
		b.mustHandle(t, a)
	}
	if posts, events := b.Slack.Posts(), b.PagerDuty.Events(); len(posts) != 3 || len(events) != 3 {
		t.Errorf("%d posts and %d events, want 3 of each", len(posts), len(events))
	}
	if strings.Contains(b.log.String(), `"msg":"`+semconv.LogHeartbeat+`"`) {
		t.Errorf("the log has a heartbeat:\n%s", b.log)
	}
}

func TestHeartbeat_OneLineForEachAlarmAndNobodyIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t, func(p *pipeline.Pipeline) { p.Routing.HeartbeatSecret = "orders/heartbeat" })
	b.Secrets.Set("orders/heartbeat", b.SwitchURL)
	b.mustHandle(t, heartbeat("1", "ALARM"), heartbeat("2", "OK"))
	line := `"level":"INFO","msg":"` + semconv.LogHeartbeat + `","` + semconv.LogKeyTopic + `":"ticket"`
	if n := strings.Count(b.log.String(), line); n != 1 {
		t.Errorf("%d lines with %s, want 1:\n%s", n, line, b.log)
	}
	for _, h := range signal.For(b.pipeline).AlarmPath.Heartbeats {
		// what CloudWatch counts of these lines
		beats := 0.0
		for text := range strings.Lines(b.log.String()) {
			if n, ok := h.Received.Filter.Match([]byte(text)); ok {
				beats += n
			}
		}
		if want := map[string]float64{"ticket": 1}[h.Severity]; beats != want {
			t.Errorf("%v heartbeats of the topic for %s, want %v", beats, h.Severity, want)
		}
	}
	if n := b.Switch.Calls(); n != 1 {
		t.Errorf("the switch was called %d times, want once", n)
	}
	if n := b.Slack.Calls() + b.PagerDuty.Calls() + b.Table.Calls(); n != 0 {
		t.Errorf("%d calls to others", n)
	}
	b.Switch.FailAlways(notifytest.Fault{Status: 500})
	b.mustHandle(t, heartbeat("3", "ALARM"))
	b.wantLogged(t, `"level":"WARN","msg":"dead man's switch not called"`)
}
