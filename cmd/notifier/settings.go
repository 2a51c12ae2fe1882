package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/internal/setting"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry"
)

// settings are what the environment says.
type settings struct {
	file      string
	notify    notify.Config
	telemetry telemetry.Config
}

// variables are those that this program reads itself.
var variables = []setting.Variable[settings]{
	{
		Name: "PIPELINE_FILE", Help: "resolved description of the pipeline; defaults to pipeline.json beside the program (LAMBDA_TASK_ROOT)",
		Set: func(s *settings, v string) error {
			s.file = v
			return nil
		},
	},
	{
		Name: "SLACK_API_URL", Help: "address of Slack's Web API; defaults to https://slack.com/api",
		Set: func(s *settings, v string) error {
			s.notify.SlackURL = v
			return address(v, "https://slack.com/api")
		},
	},
	{
		Name: "PAGERDUTY_URL", Help: "where PagerDuty takes events; defaults to https://events.pagerduty.com/v2/enqueue",
		Set: func(s *settings, v string) error {
			s.notify.PagerDutyURL = v
			return address(v, "https://events.eu.pagerduty.com/v2/enqueue")
		},
	},
	{
		Name: "CASES", Fallback: "true", Help: "whether to ask CloudWatch Logs for the running version and failing requests",
		Set: func(s *settings, v string) error {
			on, err := setting.Bool(v)
			s.notify.NoCases = !on
			return err
		},
	},
	{
		Name: "LOG_LEVEL", Fallback: "info", Help: "lowest level of log lines; the heartbeat is counted from lines at info",
		Set: func(s *settings, v string) error {
			level, err := setting.Level(v)
			if err != nil || level > slog.LevelInfo {
				return errors.New("debug or info")
			}
			s.telemetry.LogLevel = level
			return nil
		},
	},
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
	if err := setting.Read(&s, variables, getenv); err != nil {
		errs = append(errs, err)
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
