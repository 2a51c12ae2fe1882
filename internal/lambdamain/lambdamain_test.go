package lambdamain

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

type settings struct {
	on    bool
	wait  time.Duration
	level slog.Level
}

var variables = []Variable[settings]{
	{Name: "ON", Help: "whether it is on", Set: func(s *settings, v string) (err error) {
		s.on, err = Bool(v)
		return err
	}},
	{Name: "WAIT", Fallback: "5s", Help: "how long to wait", Set: func(s *settings, v string) (err error) {
		s.wait, err = Duration(v, "7s")
		return err
	}},
	{Name: "LOG_LEVEL", Fallback: "info", Help: "lowest level of log lines", Set: func(s *settings, v string) (err error) {
		s.level, err = Level(v)
		return err
	}},
}

func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestRead_Good_FillsIn(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want settings
	}{
		"nothing":    {nil, settings{wait: 5 * time.Second}},
		"everything": {map[string]string{"ON": "true", "WAIT": "1m", "LOG_LEVEL": "warn"}, settings{true, time.Minute, slog.LevelWarn}},
	} {
		t.Run(name, func(t *testing.T) {
			var got settings
			if err := Read(&got, variables, from(test.env)); err != nil || got != test.want {
				t.Errorf("read %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestRead_Bad_NamesAll(t *testing.T) {
	err := Read(new(settings), variables, from(map[string]string{"ON": "maybe", "WAIT": "0s", "LOG_LEVEL": "loud"}))
	want := `ON="maybe": want true or false
WAIT="0s": want a duration of more than 0, such as 7s
LOG_LEVEL="loud": want debug, info, warn or error`
	if err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}

func TestStart_Built_GivesTheHandler(t *testing.T) {
	built := func(_ context.Context, getenv func(string) string) (any, awslambda.Config, error) {
		return getenv("ON"), awslambda.Config{FunctionName: "f"}, nil
	}
	var stdout, stderr strings.Builder
	// Lambda gives the name of the handler to an image's program.
	handler, c, _ := start("f", variables, []string{"handler"}, from(map[string]string{"ON": "yes"}), built, &stdout, &stderr)
	if handler != "yes" || c.FunctionName != "f" || stdout.Len()+stderr.Len() > 0 {
		t.Errorf("handler %v of %q, said %q and %q", handler, c.FunctionName, &stdout, &stderr)
	}
}

func TestStart_NotBuilt_SaysWhyAndFails(t *testing.T) {
	broken := func(context.Context, func(string) string) (any, awslambda.Config, error) {
		return nil, awslambda.Config{}, errors.New("no luck")
	}
	var stdout, stderr strings.Builder
	handler, _, code := start("f", variables, nil, from(nil), broken, &stdout, &stderr)
	if handler != nil || code != 1 || stderr.String() != "f: no luck\n" {
		t.Errorf("handler %v, code %d, said %q", handler, code, &stderr)
	}
}

func TestStart_Help_ListsVariables(t *testing.T) {
	var stdout, stderr strings.Builder
	handler, _, code := start("f", variables, []string{"help"}, from(nil), nil, &stdout, &stderr)
	if handler != nil || code != 0 {
		t.Errorf("handler %v, code %d", handler, code)
	}
	for _, want := range []string{"f is a Lambda function", "ON  ", "how long to wait; defaults to 5s", "AWS_*"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &stdout)
		}
	}
}

func TestSetup_GivesWhatAFunctionNeeds(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var lines strings.Builder
	c, err := telemetry.ConfigFromEnv(from(map[string]string{
		"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_SERVICE_NAME": "f",
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.LogWriter = &lines
	f, err := Setup(t.Context(), from(lambdaEnvironment(nil)), c, "v7")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Telemetry.Shutdown(context.WithoutCancel(t.Context())) })
	lambda := f.Lambda(awslambda.Config{DeadlineMargin: time.Minute})
	if lambda.Flush == nil || lambda.Shutdown == nil || lambda.TracerProvider == nil || lambda.MeterProvider == nil || lambda.DeadlineMargin != time.Minute {
		t.Errorf("configuration %+v", lambda)
	}
	lambda.Logger.Info("hello")
	if f.AWS.Region != "eu-west-1" || !strings.Contains(lines.String(), "v7") {
		t.Errorf("region %q, line %s", f.AWS.Region, &lines)
	}
}
