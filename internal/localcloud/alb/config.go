package alb

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"
)

// Config says what the balancer forwards to and how.
type Config struct {
	// Name is the balancer's name in its resource id. Defaults to "local".
	Name string
	// TargetGroup is the target group's name in its ARN. Defaults to "local".
	TargetGroup string
	// Region and AccountID stand in the target group's ARN. Default to
	// "eu-west-1" and "000000000000".
	Region, AccountID string

	// Targets are the base URLs of the targets, http only. Without any, every
	// request is answered 503. Defaults to none.
	Targets []string

	// IdleTimeout is how long nothing may come: from a target before the
	// client is given 504, from a client in the midst of its body before it is
	// given 408, from a target in the midst of its response before it is cut.
	// Defaults to 60 seconds, as a new balancer has.
	IdleTimeout time.Duration
	// ConnectTimeout is how long connecting to a target may take before the
	// client is given 504. Defaults to 10 seconds, as it is for a balancer.
	ConnectTimeout time.Duration

	// HealthPath is what targets are asked for, with a query if it has one
	// ("/path?query", Health checks for Application Load Balancer target groups,
	// User Guide); a 200 is healthy. Defaults to
	// "", which never asks and takes every target for healthy.
	HealthPath string
	// HealthInterval is the time between two checks. Defaults to 1 second; a
	// real balancer's least is 5.
	HealthInterval time.Duration
	// HealthTimeout is the time that a check may take. Defaults to
	// HealthInterval.
	HealthTimeout time.Duration
	// HealthyThreshold and UnhealthyThreshold are how many checks in a row
	// change a target's state. Default to 1 and 2; a real balancer's to 5
	// and 2.
	HealthyThreshold, UnhealthyThreshold int

	// KeepEntries is how many access-log entries are kept. Defaults to 1000.
	KeepEntries int
	// AccessLog receives every entry, a line each, as it is made. A line
	// that it refuses is not written again: the writer is to tell of it.
	// Defaults to none.
	AccessLog io.Writer
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	for _, d := range []struct {
		field *string
		value string
	}{{&c.Name, "local"}, {&c.TargetGroup, "local"}, {&c.Region, "eu-west-1"}, {&c.AccountID, "000000000000"}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.IdleTimeout, 60 * time.Second}, {&c.ConnectTimeout, 10 * time.Second}, {&c.HealthInterval, time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.HealthTimeout == 0 {
		c.HealthTimeout = c.HealthInterval
	}
	for _, d := range []struct {
		field *int
		value int
	}{
		{&c.HealthyThreshold, 1}, {&c.UnhealthyThreshold, 2}, {&c.KeepEntries, 1000},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return c
}

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	var errs []error
	for _, t := range c.Targets {
		if u, err := url.Parse(t); err != nil || u.Scheme != "http" || u.Host == "" {
			errs = append(errs, fmt.Errorf("target %q: want an http URL with a host", t))
		}
	}
	for name, d := range map[string]time.Duration{
		"IdleTimeout": c.IdleTimeout, "ConnectTimeout": c.ConnectTimeout, "HealthInterval": c.HealthInterval,
		"HealthTimeout": c.HealthTimeout,
	} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("%s %v: want more than 0", name, d))
		}
	}
	for name, n := range map[string]int{
		"HealthyThreshold": c.HealthyThreshold, "UnhealthyThreshold": c.UnhealthyThreshold, "KeepEntries": c.KeepEntries,
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s %d: want more than 0", name, n))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("alb: configuration: %w", err)
	}
	return nil
}
