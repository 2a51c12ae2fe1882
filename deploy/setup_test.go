package deploy_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/deploy"
	"github.com/tracehaul/tracehaul/internal/deploytest"
	"github.com/tracehaul/tracehaul/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// began is when every case begins. The recorded answers are of that day.
var began = time.Date(2026, 3, 25, 10, 0, 0, 0, time.UTC)

// bundle is one case: the recorded answers in testdata/NAME, those in
// testdata/usual for all other calls, and a clock that only waiting moves.
type bundle struct {
	deploy.Config

	aws      *deploytest.AWS
	progress bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func setup(t *testing.T, name string) *bundle {
	t.Helper()
	p, err := pipeline.LoadEnvironment("../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{now: began, aws: deploytest.Replay(t, filepath.Join("testdata", name), filepath.Join("testdata", "usual"))}
	b.Config = deploy.Config{
		Alarms: set, Now: b.clock, Poll: 5 * time.Minute, Start: 20 * time.Minute, Progress: &b.progress,
		AWS: aws.Config{
			Region: p.Region, BaseEndpoint: aws.String(b.aws.URL), Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) {
					o.MaxAttempts, o.Backoff = 3, retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
					o.RateLimiter = unlimited{}
				})
			},
		},
	}.WithSleep(func(ctx context.Context, d time.Duration) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.now = b.now.Add(d)
		return ctx.Err()
	})
	return b
}

func (b *bundle) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// unlimited lets a client retry as often as it may.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}

func (unlimited) AddTokens(uint) error { return nil }

// printable is what a report and a verdict can be written as.
type printable interface {
	WriteText(w io.Writer) error
	Markdown() string
	Outputs() []deploy.Output
}

// golden writes down all that a case has shown, and compares it.
func (b *bundle) golden(t *testing.T, name string, result printable, err error) {
	t.Helper()
	var out strings.Builder
	section := func(title, text string) {
		fmt.Fprintf(&out, "-- %s --\n%s", title, text)
	}
	if b.progress.Len() > 0 {
		section("progress", b.progress.String())
	}
	if err != nil {
		section("error", err.Error()+"\n")
	} else {
		var text strings.Builder
		if err := result.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		section("text", text.String())
		section("markdown", result.Markdown())
		var outputs strings.Builder
		for _, o := range result.Outputs() {
			fmt.Fprintf(&outputs, "%s=%s\n", o.Name, o.Value)
		}
		section("outputs", outputs.String())
	}
	section("calls", strings.Join(b.aws.Calls(), "\n")+"\n")
	for _, p := range b.aws.Problems() {
		t.Error(p)
	}
	file := filepath.Join("testdata", name, "want.txt")
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
