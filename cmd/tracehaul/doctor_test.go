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

// patientFile is its description.
var patientFile = filepath.Join("..", "..", "pipeline", "testdata", "reference", "tracehaul.yaml")

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
	description, err := pipeline.Load(patientFile)
	if err != nil {
		t.Fatal(err)
	}
	p.Local, err = localpipeline.Start(t.Context(), localpipeline.Config{
		Pipeline: description, Service: programs[0], Consumer: consumer, Migrate: migrate.UpURL, HoldConsumers: true,
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
	got := run(t.Context(), append([]string{"doctor", "--json", "-f", patientFile}, args...), env)
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

// The command is given a pipeline that runs, and one fault after the other. Each
// time it names the cause, and nothing else. The last ones leave it broken.
func TestDoctor_LocalPipeline_NamesEachCause(t *testing.T) { //nolint:tparallel // one after the other, beside other tests
	t.Parallel() // it waits more than it works
	p := setupPatient(t)
	a := p.Addresses()

	t.Run("consumer stopped", func(t *testing.T) {
		r := p.doctor(t, exitFault, "--timeout", "1s")
		wantOnly(t, r, "fault consumer row: nobody takes messages out")
		if !r.Local || r.Address != a.ALB || r.Event.Left == "" {
			t.Errorf("report %+v", r)
		}
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

// Whoever asks wrongly is told so before anything is looked for; where nobody may
// ask AWS, the event goes its way all the same.
func TestDoctor_ExitCodes(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", "pipeline", "testdata", "reference"))
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"DATABASE_URL": "", "GRAFANA_URL": "", "TRACEHAUL_TEMPO_URL": "", "TRACEHAUL_JAEGER_URL": "",
	} {
		t.Setenv(name, value)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for name, test := range map[string]struct {
		code int
		want string
		args []string
	}{
		"no local one":      {exitFailed, "no place", []string{"--local"}},
		"no such file":      {exitFailed, "none.yaml", []string{"-f", "none.yaml"}},
		"timeout":           {exitUsage, "--timeout 0s", []string{"--timeout", "0s"}},
		"address":           {exitUsage, "https://orders.example.com", []string{"--url", "orders"}},
		"clean without":     {exitUsage, "needs the database's URL", []string{"--url", server.URL, "--clean"}},
		"nobody may ask":    {exitFailed, "nothing of dev-orders could be looked at", []string{"--no-local", "--no-event"}},
		"a fault":           {exitFault, "dev-orders is not healthy", []string{"--url", server.URL}},
		"prod, and nowhere": {exitFault, "prod-orders is not healthy", []string{"-e", "prod", "--url", server.URL, "--json"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := command(t.Context(), t, append([]string{"doctor"}, test.args...)...)
			if code != test.code || !strings.Contains(errs, test.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, test.code, test.want, out, errs)
			}
			if strings.Contains(out, "\x1b") {
				t.Errorf("colours where nobody looks:\n%s", out)
			}
		})
	}
	t.Run("no way to AWS", func(t *testing.T) {
		closed := httptest.NewServer(http.NotFoundHandler())
		closed.Close()
		t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
		t.Setenv("AWS_ENDPOINT_URL", closed.URL)
		code, out, errs := command(t.Context(), t, "doctor", "--no-local", "--no-event")
		if code != exitFailed || strings.Count(out, "connection refused") != 1 || !strings.Contains(out, "sts:GetCallerIdentity") || !strings.Contains(out, "AWS cannot be asked") {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
	})
	t.Run("none runs here", func(t *testing.T) {
		var out, errs bytes.Buffer
		env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}[name] }}
		if code := run(t.Context(), []string{"doctor", "--no-event"}, env); code != exitFailed || !strings.Contains(errs.String(), "No pipeline dev-orders runs on this machine") {
			t.Errorf("exit code %d: %s", code, errs.String())
		}
	})
}
