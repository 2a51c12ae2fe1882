package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/alecthomas/kong"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Variables that hold tokens. There are no flags for them: a command line is for
// all to see.
const (
	bearerTokenVariable  = "TRACEHAUL_TOKEN"
	grafanaTokenVariable = "GRAFANA_TOKEN"
	tempoTokenVariable   = "TRACEHAUL_TEMPO_TOKEN" //nolint:gosec // a name
	jaegerTokenVariable  = "TRACEHAUL_JAEGER_TOKEN"
)

// The flags that commands have in common: each has one name, one letter and one
// text.

// fileFlag is the description, for what is about all of its environments, or
// about none.
type fileFlag struct {
	File string `default:"tracehaul.yaml" help:"The pipeline's description." placeholder:"FILE" short:"f"`
}

// pipelineFlags say which pipeline: a description, in one environment.
type pipelineFlags struct {
	fileFlag
	environmentFlag
}

type environmentFlag struct {
	Environment string `complete:"environment" help:"The environment, if it has a file of its own in environments/. Defaults to the description's." placeholder:"NAME" short:"e"`
}

func (f pipelineFlags) load() (*pipeline.Pipeline, error) {
	return loadPipeline(f.File, f.Environment)
}

// loadPipeline reads a description, in an environment or, for "", its own.
func loadPipeline(file, environment string) (*pipeline.Pipeline, error) {
	if environment == "" {
		return pipeline.Load(file)
	}
	p, err := pipeline.LoadEnvironment(file, environment)
	if errors.Is(err, fs.ErrNotExist) {
		if all, failed := pipeline.LoadAll(file); failed == nil {
			names := make([]string, len(all))
			for i := range all {
				names[i] = all[i].Environment
			}
			return nil, usageError("--environment %s: want one of %v", environment, names)
		}
	}
	return p, err
}

// consumerNamed is the consumer of that name or, for "", the only one. An error
// begins with the flag, as it was given.
func consumerNamed(p *pipeline.Pipeline, name, flag string) (*pipeline.Consumer, error) {
	names := make([]string, len(p.Consumers))
	for i := range p.Consumers {
		names[i] = p.Consumers[i].Name
	}
	switch {
	case name != "":
		if c := p.Consumer(name); c != nil {
			return c, nil
		}
		return nil, usageError("%s: want one of %v", flag, names)
	case len(names) == 1:
		return &p.Consumers[0], nil
	default:
		return nil, usageError("there are %d consumers: want one of %v by --consumer", len(names), names)
	}
}

// moment is a time, or how long ago it was.
type moment struct{ time.Time }

// UnmarshalText reads RFC 3339 or a duration.
func (m *moment) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil && ago >= 0 {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%q: want a time such as 2026-11-26T03:00:00Z, or a duration such as 2h", text)
	}
	m.Time = t
	return nil
}

// duration is a time to wait: more than nothing.
type duration struct{ time.Duration }

// UnmarshalText reads a duration of Go.
func (d *duration) UnmarshalText(text []byte) error {
	given, err := time.ParseDuration(string(text))
	if err != nil || given <= 0 {
		return fmt.Errorf("%q: want a duration of more than nothing, such as 30s", text)
	}
	d.Duration = given
	return nil
}

// isGiven reports whether a flag was written, and is not a variable's value.
func isGiven(command *kong.Context, flag string) bool {
	return slices.ContainsFunc(command.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == flag && !p.Resolved })
}

// jsonFlag is for every command that prints something for people to read.
type jsonFlag struct {
	JSON bool `help:"Print JSON."`
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(escaping{w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// escaping writes JSON with escapes for what a terminal would obey and JSON may
// hold as it is: DEL and C1 controls, and what turns the direction of a text.
// Those stand in strings alone.
type escaping struct{ io.Writer }

func (e escaping) Write(p []byte) (int, error) {
	obeyed := func(r rune) bool { return r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Cf, r) }
	if !bytes.ContainsFunc(p, obeyed) {
		return e.Writer.Write(p)
	}
	var b bytes.Buffer
	for _, r := range string(p) { // the encoder writes whole values of valid UTF-8
		switch {
		case !obeyed(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if _, err := e.Writer.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
