package otlp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config bounds a [Receiver]. The zero value is right for a laptop.
type Config struct {
	// MaxTraces is how many traces are kept; the oldest give way. Defaults to
	// 2,000.
	MaxTraces int

	// MaxSpansPerTrace is how many spans of one trace are kept; later ones are
	// rejected. Defaults to 10,000.
	MaxSpansPerTrace int

	// MaxBytes is about how much memory the traces take, and again the log
	// records and the time series. Defaults to 64 MiB.
	MaxBytes int

	// MaxLogs is how many log records are kept; the oldest give way. Defaults
	// to 10,000.
	MaxLogs int

	// MaxMetrics is how many time series are kept; later ones are rejected.
	// Defaults to 5,000.
	MaxMetrics int

	// MaxRequestBytes bounds a request's body, before and after it is
	// unzipped. Defaults to 8 MiB.
	MaxRequestBytes int64

	// Forward is the base URL of a receiver that gets a copy of every request
	// that was accepted; /v1/traces and so on are added. Defaults to "": none.
	Forward string

	// ForwardHeaders are sent with each copy. Defaults to none.
	ForwardHeaders map[string]string

	// ForwardTimeout bounds one copy. Defaults to 10 seconds.
	ForwardTimeout time.Duration

	// MaxForward is how many copies wait to be sent; further ones are dropped
	// and counted. Defaults to 256.
	MaxForward int

	// Client sends the copies. Defaults to one of its own.
	Client *http.Client

	// Now tells the time, which is that of a trace's arrival. Defaults to
	// time.Now.
	Now func() time.Time
}

// WithDefaults fills in every field that has a default.
func (c Config) WithDefaults() Config {
	setDefault(&c.MaxTraces, 2_000)
	setDefault(&c.MaxSpansPerTrace, 10_000)
	setDefault(&c.MaxBytes, 64<<20)
	setDefault(&c.MaxLogs, 10_000)
	setDefault(&c.MaxMetrics, 5_000)
	setDefault(&c.MaxRequestBytes, 8<<20)
	setDefault(&c.ForwardTimeout, 10*time.Second)
	setDefault(&c.MaxForward, 256)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	var errs []error
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"traces", int64(c.MaxTraces)},
		{"spans per trace", int64(c.MaxSpansPerTrace)},
		{"bytes", int64(c.MaxBytes)},
		{"logs", int64(c.MaxLogs)},
		{"metrics", int64(c.MaxMetrics)},
		{"request bytes", c.MaxRequestBytes},
		{"copies to forward", int64(c.MaxForward)},
		{"forward timeout", int64(c.ForwardTimeout)},
	} {
		if limit.value < 0 {
			errs = append(errs, fmt.Errorf("%s: %d: want more than 0", limit.name, limit.value))
		}
	}
	if c.Forward != "" {
		u, err := url.Parse(c.Forward)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			errs = append(errs, errors.New("forward: want a URL such as http://localhost:4318"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("otlp: configuration: %w", err)
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
