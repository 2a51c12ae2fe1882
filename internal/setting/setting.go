package setting

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"
)

// Variable is an environment variable that a program reads itself, into
// settings of type S. DATABASE_* are read by package postgres, OTEL_* by
// package telemetry, AWS_* by the SDK or package lambdamain.
type Variable[S any] struct {
	Name string

	// Fallback is the value where the environment has none.
	//
	// Defaults to none: Set is not called.
	Fallback string

	// Help says in a few words what it is for.
	Help string

	// Set puts a value, which is not empty, into the settings. Its error says
	// what would be accepted.
	Set func(s *S, value string) error
}

// Read puts the environment into the settings. The error names every variable
// that is wrong, its value, and what would be right.
func Read[S any](s *S, variables []Variable[S], getenv func(string) string) error {
	var errs []error
	for _, v := range variables {
		value := getenv(v.Name)
		if value == "" {
			value = v.Fallback
		}
		if value == "" {
			continue
		}
		if err := v.Set(s, value); err != nil {
			errs = append(errs, fmt.Errorf("%s=%q: want %w", v.Name, value, err))
		}
	}
	return errors.Join(errs...)
}

// List writes a line about each variable.
func List[S any](w io.Writer, variables []Variable[S]) {
	width := 0
	for _, v := range variables {
		width = max(width, len(v.Name))
	}
	for _, v := range variables {
		help := v.Help
		if v.Fallback != "" {
			help += "; defaults to " + v.Fallback
		}
		_, _ = fmt.Fprintf(w, "  %-*s %s\n", width, v.Name, help)
	}
}

// Bool reads true or false.
func Bool(value string) (bool, error) {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, errors.New("true or false")
	}
	return on, nil
}

// Duration reads a duration of more than 0.
func Duration(value, example string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("a duration of more than 0, such as %s", example)
	}
	return d, nil
}

// Level reads a level of log lines.
func Level(value string) (slog.Level, error) {
	var level slog.Level
	if level.UnmarshalText([]byte(value)) != nil {
		return 0, errors.New("debug, info, warn or error")
	}
	return level, nil
}

// LogLevel is the variable of the level from which on lines are written.
func LogLevel[S any](set func(s *S, level slog.Level)) Variable[S] {
	return Variable[S]{
		Name: "LOG_LEVEL", Fallback: "info", Help: "lowest level of log lines",
		Set: func(s *S, v string) error {
			level, err := Level(v)
			if err == nil {
				set(s, level)
			}
			return err
		},
	}
}
