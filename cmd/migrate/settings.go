package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/setting"
	"github.com/tracehaul/tracehaul/telemetry"
)

// settings are what the environment says.
type settings struct {
	database  postgres.Config
	migrate   migrate.Config
	margin    time.Duration // before Lambda's deadline
	telemetry telemetry.Config
}

// variables are those that this program reads itself.
var variables = []setting.Variable[settings]{
	{
		Name: "MIGRATE_GRANT_ROLE", Help: "role that consumers connect as, which is to be made and to get what they need; defaults to none",
		Set: func(s *settings, v string) error {
			s.migrate.GrantRole = v
			return migrate.ValidateRole(v)
		},
	},
	{
		Name: "MIGRATE_LOCK_TIMEOUT", Fallback: "5s", Help: "how long a statement waits for a lock; consumers wait behind it",
		Set: func(s *settings, v string) (err error) {
			if s.migrate.LockTimeout, err = setting.Duration(v, "5s"); err == nil && s.migrate.LockTimeout < time.Millisecond {
				err = errors.New("1ms or more, such as 5s")
			}
			return err
		},
	},
	{
		Name: "DEADLINE_MARGIN", Fallback: "5s", Help: "how long before Lambda's deadline to stop, and to say why",
		Set: func(s *settings, v string) (err error) {
			s.margin, err = setting.Duration(v, "5s")
			return err
		},
	},
	setting.LogLevel(func(s *settings, level slog.Level) { s.telemetry.LogLevel = level }),
}

const (
	// applicationName is who this is in pg_stat_activity.
	applicationName = "tracehaul-migrate"

	// connectTimeout leaves time for a cluster that pauses when it is idle: 15
	// seconds, or 30 and more after a day. (Amazon Aurora User Guide, "Scaling
	// to Zero ACUs with automatic pause and resume for Aurora Serverless v2".)
	connectTimeout = time.Minute
)

// settingsFrom reads the environment. The error names every variable that is
// wrong, and what would be right.
func settingsFrom(getenv func(string) string) (s settings, err error) {
	var errs []error
	if s.database, err = postgres.ConfigFromEnv(getenv); err != nil {
		errs = append(errs, err)
	}
	s.database.ApplicationName, s.database.ConnectTimeout = applicationName, connectTimeout
	if s.telemetry, err = telemetry.ConfigFromEnv(getenv); err != nil {
		errs = append(errs, err)
	}
	if err := setting.Read(&s, variables, getenv); err != nil {
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}
