package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry"
)

// settings are what the environment says.
type settings struct {
	file      string
	notify    notify.Config
	telemetry telemetry.Config
}

// variable is an environment variable that this program reads itself. OTEL_* is
// read by package telemetry, AWS_* by the AWS SDK.
type variable struct {
	name string

	// set puts a value, which is not empty, into the settings. Its error says
	// what would be accepted.
	set func(s *settings, value string) error
}

var variables = []variable{
	// The resolved description of the pipeline. Defaults to pipeline.json beside
	// the program (LAMBDA_TASK_ROOT).
	{"PIPELINE_FILE", func(s *settings, v string) error {
		s.file = v
		return nil
	}},
	// The address of Slack's Web API. Defaults to https://slack.com/api.
	{"SLACK_API_URL", func(s *settings, v string) error {
		s.notify.SlackURL = v
		return address(v, "https://slack.com/api")
	}},
	// Where PagerDuty takes events. Defaults to
	// https://events.pagerduty.com/v2/enqueue.
	{"PAGERDUTY_URL", func(s *settings, v string) error {
		s.notify.PagerDutyURL = v
		return address(v, "https://events.eu.pagerduty.com/v2/enqueue")
	}},
	// Whether to ask CloudWatch Logs for the running version and failing
	// requests. Defaults to true.
	{"CASES", func(s *settings, v string) error {
		on, err := strconv.ParseBool(v)
		if err != nil {
			return errors.New("true or false")
		}
		s.notify.NoCases = !on
		return nil
	}},
	// The lowest level of log lines: the heartbeat is counted from lines at
	// info. Defaults to info.
	{"LOG_LEVEL", func(s *settings, v string) error {
		var level slog.Level
		if level.UnmarshalText([]byte(v)) != nil || level > slog.LevelInfo {
			return errors.New("debug or info")
		}
		s.telemetry.LogLevel = level
		return nil
	}},
}

func address(v, example string) error {
	if u, err := url.Parse(v); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("an address such as %s", example)
	}
	return nil
}

// settingsFrom reads the environment and the description. The error names every
// variable that is wrong, and what would be right.
func settingsFrom(getenv func(string) string) (s settings, err error) {
	var errs []error
	if s.telemetry, err = telemetry.ConfigFromEnv(getenv); err != nil {
		errs = append(errs, err)
	}
	s.file = filepath.Join(getenv("LAMBDA_TASK_ROOT"), "pipeline.json")
	for _, v := range variables {
		value := getenv(v.name)
		if value == "" {
			continue
		}
		if err := v.set(&s, value); err != nil {
			errs = append(errs, fmt.Errorf("%s=%q: want %w", v.name, value, err))
		}
	}
	if s.notify.Pipeline, err = description(s.file); err != nil {
		errs = append(errs, fmt.Errorf("PIPELINE_FILE=%q: want the resolved description of the pipeline: %w", s.file, err))
	}
	return s, errors.Join(errs...)
}

func description(file string) (*pipeline.Pipeline, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return pipeline.ParseResolved(file, b)
}
