package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/internal/web"
	"github.com/tracehaul/tracehaul/pipeline"
)

// patient is a local pipeline with faults that can be switched on.
type patient struct {
	*localpipeline.Local

	t        *testing.T
	runtime  string      // XDG_RUNTIME_DIR
	strips   atomic.Bool // what stands between the service and SNS takes attributes off
	settings string      // a file of shell that the consumer's settings come from
}

func setupPatient(t *testing.T) *patient {
	t.Helper()
	dir := t.TempDir()
	p := &patient{t: t, runtime: filepath.Join(dir, "run"), settings: filepath.Join(dir, "settings")}
	programs, err := program.Build(t.Context(), dir, "service", "consumer")
	if err != nil {
		t.Fatal(err)
	}
	consumer := filepath.Join(dir, "settled-consumer")
	script := fmt.Sprintf("#!/bin/sh\n[ -e %[1]s ] && . %[1]s\nexec %[2]s\n", p.settings, programs[1])
	if err := os.WriteFile(consumer, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	described, err := pipeline.Load(description)
	if err != nil {
		t.Fatal(err)
	}
	p.Local, err = localpipeline.Start(t.Context(), localpipeline.Config{
		Pipeline: described, Service: programs[0], Consumer: consumer, Migrate: migrate.UpURL, HoldConsumers: true,
		ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"}, Route: p.route,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	p.announce()
	return p
}

// announce does what tracehaul up does, so that others find it.
func (p *patient) announce() {
	p.t.Helper()
	page := httptest.NewServer(web.New(web.Config{Source: upSource{p.Local}}))
	p.t.Cleanup(page.Close)
	addresses := p.Addresses()
	addresses.Web = page.URL
	remove, err := localstate.Write(filepath.Join(p.runtime, "tracehaul"), localstate.State{Prefix: p.Pipeline().Prefix(), Addresses: addresses})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = remove() })
}

// route puts something before SNS that can take attributes off.
func (p *patient) route(part localpipeline.Part, address string) (string, error) {
	if part != localpipeline.PartSNS {
		return address, nil
	}
	to, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		if p.strips.Load() {
			strip(r.Out)
		}
	}})
	p.t.Cleanup(proxy.Close)
	return proxy.URL, nil
}

func strip(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return
	}
	for name := range form {
		if strings.Contains(name, "MessageAttributes") {
			form.Del(name)
		}
	}
	r.Header.Del("X-Amzn-Trace-Id")
	text := form.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
}

// settle has new processes of the consumer begin with a line of shell.
func (p *patient) settle(line string) {
	p.t.Helper()
	if err := os.WriteFile(p.settings, []byte(line+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.Function("ledger").Kill()
}

// doctor runs the command, and wants an exit code.
func (p *patient) doctor(t *testing.T, code int, args ...string) doctor.Report {
	t.Helper()
	var out, errs bytes.Buffer
	env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": p.runtime}[name] }}
	got := run(t.Context(), append([]string{"doctor", "--json", "-f", description}, args...), env)
	var r doctor.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	if got != code {
		t.Errorf("exit code %d, want %d\n%s%s", got, code, unwell(r), errs.String())
	}
	return r
}

// unwell is what is not well, in lines.
func unwell(r doctor.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Verdict != doctor.OK {
			fmt.Fprintf(&b, "%s %s %s %s: %s (%s)\n", f.Verdict, f.Hop, f.Check, f.Subject, f.Found, f.Why)
		}
	}
	return b.String()
}

// wantOnly wants these findings, each "verdict hop check: words of why it is", and no
// others.
func wantOnly(t *testing.T, r doctor.Report, want ...string) {
	t.Helper()
	var rest []doctor.Finding
	for _, f := range r.Findings {
		if f.Verdict != doctor.OK {
			rest = append(rest, f)
		}
	}
	for _, w := range want {
		head, why, _ := strings.Cut(w, ": ")
		i := slices.IndexFunc(rest, func(f doctor.Finding) bool {
			return fmt.Sprintf("%s %s %s", f.Verdict, f.Hop, f.Check) == head && strings.Contains(f.Found+"\n"+f.Why, why)
		})
		if i < 0 {
			t.Errorf("no finding %q in:\n%s", w, unwell(r))
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, f := range rest {
		t.Errorf("%s of %s is blamed, too: %s", f.Check, f.Subject, f.Found)
	}
}

func (p *patient) subscription(t *testing.T, name, value string) {
	t.Helper()
	a := p.Addresses()
	client := sns.New(sns.Options{Region: "eu-central-1", BaseEndpoint: &a.SNS, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	all, err := client.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &a.TopicARN})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.SetSubscriptionAttributes(t.Context(), &sns.SetSubscriptionAttributesInput{SubscriptionArn: all.Subscriptions[0].SubscriptionArn, AttributeName: &name, AttributeValue: &value}); err != nil {
		t.Fatal(err)
	}
}

func (p *patient) queue(t *testing.T, address, name, value string) {
	t.Helper()
	client := sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: new(p.Addresses().SQS), Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	if _, err := client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &address, Attributes: map[string]string{name: value}}); err != nil {
		t.Fatal(err)
	}
}

// letter puts one into a queue, until what it returns is called.
func (p *patient) letter(t *testing.T, address string) (remove func()) {
	t.Helper()
	client := sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: new(p.Addresses().SQS), Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &address, MessageBody: new("x")}); err != nil {
		t.Fatal(err)
	}
	return func() {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &address, WaitTimeSeconds: 5})
		if err != nil || len(out.Messages) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &address, ReceiptHandle: out.Messages[0].ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}

// The command is given a pipeline that runs, and one fault after the other. Each
// time it names the cause, and nothing else. The last ones leave it broken.
func TestDoctor_LocalPipeline_NamesEachCause(t *testing.T) { //nolint:tparallel // one after the other, beside other tests
	t.Parallel() // it waits more than it works
	p := setupPatient(t)
	a := p.Addresses()

	t.Run("consumer stopped", func(t *testing.T) {
		r := p.doctor(t, exitFault, "--timeout", "1s")
		wantOnly(t, r, "fault consumer row: nobody takes messages out")
		letter := p.letter(t, a.DLQURL)
		for _, f := range p.doctor(t, exitWarning, "--no-event").Findings {
			if want := "tracehaul dlq ls -q " + a.DLQURL[strings.LastIndexByte(a.DLQURL, '/')+1:] + " --sqs-endpoint " + a.SQS; f.Check == "dead-letters" && f.Verdict == doctor.Warning && f.Mend != want {
				t.Errorf("%s: mend by %s, want %s", f.Subject, f.Mend, want)
			}
		}
		letter()
		if !r.Local || r.Address != a.ALB || r.Event.Left == "" {
			t.Errorf("report %+v", r)
		}
	})
	t.Run("interrupted while it waits", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		queue := a.QueueURL[strings.LastIndexByte(a.QueueURL, '/')+1:]
		before, err := p.Broker().QueueDepth(queue)
		if err != nil {
			t.Fatal(err)
		}
		go func() { // until the event is there
			for {
				if d, err := p.Broker().QueueDepth(queue); err != nil || d.Visible > before.Visible {
					cancel()
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		var out, errs bytes.Buffer
		env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": p.runtime}[name] }}
		if code := run(ctx, []string{"doctor", "--clean", "-f", description}, env); code != exitFailed {
			t.Errorf("exit code %d", code)
		}
		wantAll(t, errs.String(), "An event was sent: /tracehaul/doctor doctor-", "Left behind: ", "DELETE FROM events WHERE source = '/tracehaul/doctor' AND id = 'doctor-", "interrupted")
	})
	if err := p.StartConsumers(); err != nil {
		t.Fatal(err)
	}
	t.Run("healthy", func(t *testing.T) {
		r := p.doctor(t, exitOK, "--clean")
		wantOnly(t, r)
		if len(r.Event.Steps) != 5 || r.Event.Left != "" {
			t.Errorf("event %+v", r.Event)
		}
		if rows, err := p.Rows(t.Context(), r.Event.TraceID); err != nil || len(rows) != 0 {
			t.Errorf("rows %v, %v", rows, err)
		}
	})
	t.Run("what the flags say wins", func(t *testing.T) {
		asked := make(chan string, 100)
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case asked <- strings.Split(r.URL.Path, "/")[2]:
			default:
			}
			http.NotFound(w, r)
		}))
		defer elsewhere.Close()
		r := p.doctor(t, exitFault, "--settle", "1s", "--jaeger-url", elsewhere.URL)
		wantOnly(t, r, "fault service spans: ")
		if got := <-asked; got != "traces" {
			t.Errorf("Jaeger was asked for %s", got)
		}
		r = p.doctor(t, exitFault, "--timeout", "2s", "--database-url", "postgres://nobody@127.0.0.1:1/none")
		wantOnly(t, r, "fault database row: the database does not answer here: ", "unknown database row: ")
	})
	t.Run("raw delivery flipped", func(t *testing.T) {
		p.subscription(t, "RawMessageDelivery", "false")
		wantOnly(t, p.doctor(t, exitFault), "fault topic raw-delivery: RawMessageDelivery is false", "warning topic row-delivery: in SNS's envelope")
		p.subscription(t, "RawMessageDelivery", "true")
	})
	t.Run("filtered out", func(t *testing.T) {
		p.subscription(t, "FilterPolicy", `{"event-type":["com.example.orders.received"]}`)
		wantOnly(t, p.doctor(t, exitFault, "--timeout", "1s"), "fault topic filter: the filter policy is", "fault topic row: filters it out")
		p.subscription(t, "FilterPolicy", "")
	})
	t.Run("attributes stripped", func(t *testing.T) {
		p.strips.Store(true)
		wantOnly(t, p.doctor(t, exitFault), "fault topic row-trace: all message attributes were stripped")
		p.strips.Store(false)
	})
	t.Run("queues changed by hand", func(t *testing.T) {
		p.queue(t, a.QueueURL, "VisibilityTimeout", "30")
		p.queue(t, a.DLQURL, "MessageRetentionPeriod", "86400")
		wantOnly(t, p.doctor(t, exitFault, "--no-event"), "fault queue visibility-timeout: is 30s", "fault queue retention: that of the queue 4 days")
		p.queue(t, a.QueueURL, "VisibilityTimeout", "181")
		p.queue(t, a.DLQURL, "MessageRetentionPeriod", "1209600")
	})
	t.Run("the consumer's sampler", func(t *testing.T) {
		p.settle("export OTEL_TRACES_SAMPLER=traceidratio OTEL_TRACES_SAMPLER_ARG=0.9")
		wantOnly(t, p.doctor(t, exitFault, "--settle", "12s"), "fault consumer spans: its sampler does not follow")
		p.settle("")
	})
	t.Run("database stopped", func(t *testing.T) {
		if err := p.Database().Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantOnly(t, p.doctor(t, exitFault, "--timeout", "12s"), "fault database row: the database does not answer here: ", "fault database row: cannot write it")
	})
	t.Run("service stopped", func(t *testing.T) {
		if err := p.Service().Stop(t.Context(), 30*time.Second); err != nil {
			t.Fatal(err)
		}
		wantOnly(t, p.doctor(t, exitFault), "fault edge front-door: the answer is 50")
	})
}
