package main

import (
	"errors"
	"log/slog"

	"github.com/tracehaul/tracehaul/internal/setting"
	"github.com/tracehaul/tracehaul/telemetry"
)

// settings are what the environment says.
type settings struct {
	balancer  string // service.name of the load balancer's spans
	telemetry telemetry.Config
}

// variables are those that this program reads itself.
var variables = []setting.Variable[settings]{
	{
		Name: "ALB_SERVICE_NAME", Fallback: "load-balancer", Help: "service.name of the load balancer's spans",
		Set: func(s *settings, v string) error {
			s.balancer = v
			return nil
		},
	},
	setting.LogLevel(func(s *settings, level slog.Level) { s.telemetry.LogLevel = level }),
}

// settingsFrom reads the environment. The error names every variable that is
// wrong, and what would be right.
func settingsFrom(getenv func(string) string) (s settings, err error) {
	var errs []error
	if s.telemetry, err = telemetry.ConfigFromEnv(getenv); err != nil {
		errs = append(errs, err)
	}
	if err := setting.Read(&s, variables, getenv); err != nil {
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}
