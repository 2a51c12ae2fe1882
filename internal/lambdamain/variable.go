package lambdamain

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
// package telemetry, AWS_* by Setup.
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

// usage lists variables.
func usage[S any](w io.Writer, name string, variables []Variable[S]) {
	_, _ = fmt.Fprintf(w, "%s is a Lambda function. It reads from its environment:\n\n", name)
	for _, v := range variables {
		help := v.Help
		if v.Fallback != "" {
			help += "; defaults to " + v.Fallback
		}
		_, _ = fmt.Fprintf(w, "  %-26s %s\n", v.Name, help)
	}
	_, _ = fmt.Fprint(w, "\nAWS_* are those of the AWS SDK that a function needs, OTEL_* those of OpenTelemetry.\n")
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
