package notify_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/pipeline"
)

func TestHandle_ThreadDeleted_BeginsAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.Remove(b.Slack.Posts()[0].TS)
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 1 || posts[0].ThreadTS != "" || posts[0].Broadcast {
		t.Errorf("posts: %+v", posts)
	}
}

func TestHandle_ThreadDeletedDuringTheIncident_GoesOnInTheNewOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.Remove(b.Slack.Posts()[0].TS)
	b.mustHandle(t, on("2", began.Add(time.Minute)), off("3", began.Add(2*time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[0].Updates != 1 || posts[1].ThreadTS != posts[0].TS {
		t.Errorf("posts: %+v", posts)
	}
}

func TestHandle_PermanentErrors_SayWhatToDoAndSpareTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, func(p *pipeline.Pipeline) {
			p.Routing.Destinations["team"] = pipeline.Destination{Type: "slack", Channel: "#gone", Secret: "orders/slack"}
		})
		err := b.handle(t, on("1", began))
		if err == nil || !strings.Contains(err.Error(), "team: chat.postMessage: Slack says channel_not_found: name a channel that exists") {
			t.Errorf("error: %v", err)
		}
		if n := len(b.PagerDuty.Events()); n != 1 || b.Slack.Calls() != 1 {
			t.Errorf("%d events, and %d calls to Slack: want 1 of each", n, b.Slack.Calls())
		}
		b.wantLogged(t, `"level":"ERROR"`, `"destination":"team"`)
	})
}

// Slack's limits are not all written down: what it cannot lay out goes as text.
func TestHandle_LayoutRefused_GoesAsText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Slack.Fail(1, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"msg_blocks_too_long"}`})
	b.mustHandle(t, on("1", began))
	posts := b.Slack.Posts()
	if len(posts) != 1 || posts[0].Blocks != nil {
		t.Fatalf("posts: %+v", posts)
	}
	for _, want := range []string{"Page: Messages wait too long\n", "731 (alarm: &gt; 300)", "|Graph>", "|Runbook>"} {
		if !strings.Contains(posts[0].Text, want) {
			t.Errorf("the text has no %q: %s", want, posts[0].Text)
		}
	}
	b.Slack.Fail(1, notifytest.Fault{Status: 200, Body: `{"ok":false,"error":"invalid_blocks"}`})
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if root := b.Slack.Posts()[0]; root.Updates != 1 || string(root.Blocks) != "[]" || !strings.HasPrefix(root.Text, "Over: ") || !strings.Contains(root.Text, "|Runbook>") {
		t.Errorf("the first message: %+v", root)
	}
}

func TestHandle_Garbage_FailsSoThatItIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t)
		for name, body := range map[string]string{
			"empty": "", "text": "hello", "another service": `{"source":"aws.health"}`, "no state": `{"AlarmName":"x","AlarmArn":"` + arnPrefix + `x"}`,
			"large": `"` + strings.Repeat("x", 300<<10) + `"`, "secret inside": `{"AlarmName":"hunter2"}`,
		} {
			err := b.Handle(t.Context(), raw("1", pageTopic, body, began))
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: error %v", name, err)
			}
		}
		other := on("1", began)
		other.topic, other.description = "homepage", ""
		if err := b.handle(t, other); err == nil || !strings.Contains(err.Error(), `topic "homepage": want prod-orders-alarms-SEVERITY`) {
			t.Errorf("error: %v", err)
		}
		if n := b.Slack.Calls() + b.PagerDuty.Calls(); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// The address of the thread's channel: archived, or the bot was put out of it.
// The destination has another one by now.
func TestHandle_ChannelOfTheThreadGone_GoesOnInTheNewOne(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"channel_not_found", "is_archived", "not_in_channel"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setupInProcess(t)
				b.pipeline.Routing.Destinations["team"] = pipeline.Destination{Type: "slack", Channel: "#orders-alerts", Secret: "orders/slack"}
				b.mustHandle(t, on("1", began))
				b.Slack.Close("#orders-alerts", code)
				if err := b.handle(t, on("2", began.Add(time.Minute))); err == nil || !strings.Contains(err.Error(), code+": ") {
					t.Errorf("error: %v", err)
				}
				b.pipeline.Routing.Destinations["team"] = pipeline.Destination{Type: "slack", Channel: "#orders-dev", Secret: "orders/slack"}
				b.mustHandle(t, off("3", began.Add(time.Minute)))
				posts := b.Slack.Posts()
				if len(posts) != 2 || posts[1].Channel != "C0DEV" || posts[1].ThreadTS != "" || posts[1].Broadcast {
					t.Errorf("posts: %+v", posts)
				}
			})
		})
	}
}

// The end stays in its thread if the channel must not hear of it.
func TestHandle_BroadcastRefused_StaysInTheThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	b.Slack.RefuseBroadcasts()
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if posts := b.Slack.Posts(); len(posts) != 2 || posts[1].ThreadTS != posts[0].TS || posts[1].Broadcast {
		t.Errorf("posts: %+v", posts)
	}
}

// PagerDuty rings even if it does not like what the event says.
func TestHandle_PagerDutyRefusesTheDetails_RingsWithout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.PagerDuty.Fail(1, notifytest.Fault{Status: 400, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["'custom_details' is odd"]}`})
	b.mustHandle(t, on("1", began))
	events := b.PagerDuty.Events()
	if len(events) != 1 || events[0].DedupKey != arnPrefix+"prod-orders-ledger-queue-age" {
		t.Fatalf("events: %+v", events)
	}
	want := notifytest.PagerDutyPayload{
		Summary: "orders prod: Messages wait too long (ApproximateAgeOfOldestMessage: 731 (alarm: > 300))", Source: "prod-orders-ledger-queue-age", Severity: "critical",
	}
	if diff := cmp.Diff(&want, events[0].Payload); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.wantLogged(t, `"level":"WARN","msg":"PagerDuty refuses the details; sent without"`, "Event object is invalid; 'custom_details' is odd")
}

func TestHandle_IncidentIORefuses_SaysWhyAndReadsTheAddressAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, func(p *pipeline.Pipeline) {
			p.Routing.Destinations["io"] = pipeline.Destination{Type: "incidentio", Secret: "orders/io"}
			p.Routing.Routes[0].To = []string{"io"}
		})
		b.Secrets.Set("orders/io", `{"url": "`+b.IncidentIOURL+`", "token": "io-first"}`)
		b.IncidentIO.Fail(1, notifytest.Fault{Status: 422, Body: `{"type":"validation_error","errors":[{"code":"invalid_value","message":"title is too long"}]}`})
		if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), "answered 422 Unprocessable Entity; title is too long") {
			t.Errorf("error: %v", err)
		}
		b.Secrets.Set("orders/io", `{"url": "`+strings.Replace(b.IncidentIOURL, "01SOURCE", "02SOURCE", 1)+`", "token": "io-first"}`)
		b.IncidentIO.Move("02SOURCE")
		b.mustHandle(t, on("1", began))
		if n := len(b.IncidentIO.Events()); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}

// A token is not for others.
func TestHandle_Redirect_IsNotFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{302, 307, 308} {
			b := setupInProcess(t)
			b.Slack.FailAlways(notifytest.Fault{Status: status, Location: b.SwitchURL})
			if err := b.handle(t, on("1", began)); err == nil || !strings.Contains(err.Error(), strconv.Itoa(status)) {
				t.Errorf("error: %v", err)
			}
			if n := b.Switch.Calls(); n != 0 {
				t.Errorf("a redirect with %d was followed", status)
			}
		}
	})
}

func TestHandle_DestinationGone_OthersHearOfTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustHandle(t, on("1", began))
	delete(b.pipeline.Routing.Destinations, "team")
	b.pipeline.Routing.Routes[0].To = []string{"on-call"}
	b.mustHandle(t, off("2", began.Add(time.Minute)))
	if open, _ := b.PagerDuty.Open(); len(open) != 0 || len(b.Slack.Posts()) != 1 {
		t.Errorf("open %v, %d posts", open, len(b.Slack.Posts()))
	}
	b.wantLogged(t, "a destination that was told of the alarm is gone")
}
