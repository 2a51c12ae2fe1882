package messaging

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
)

// Config says how a Broker behaves. The zero value is a strict broker with
// AWS's limits.
type Config struct {
	// Region is the region in ARNs. Defaults to "eu-west-1".
	Region string
	// AccountID is the account in ARNs and queue URLs, twelve digits.
	// Defaults to "000000000000".
	AccountID string
	// SQSEndpoint is the base of queue URLs, as "http://127.0.0.1:9324".
	// Defaults to the scheme and host of the request that asks; queue URLs
	// given by Go calls then begin with "http://localhost".
	SQSEndpoint string

	// MaxQueues and MaxTopics bound how many of each can be made.
	// Both default to 100.
	MaxQueues, MaxTopics int
	// MaxMessages bounds the messages of one queue. SQS knows no such limit;
	// a send beyond it is refused with OverLimit. Defaults to 250,000.
	MaxMessages int
	// MaxBytes bounds the bodies and attributes of one queue, likewise.
	// Defaults to 256 MiB.
	MaxBytes int64
	// MaxInFlight is the in-flight quota of one queue. Defaults to 120,000.
	MaxInFlight int

	// Shuffle makes ReceiveMessage choose at random among the oldest visible
	// messages, as a standard queue may. Defaults to false: oldest first.
	Shuffle bool
	// DuplicateRate is the share of messages, 0 to 1, that a standard queue
	// delivers twice: at its first receive a copy with the same message id is
	// left behind. Defaults to 0.
	DuplicateRate float64
	// Seed makes Shuffle and DuplicateRate repeatable. Defaults to 0, which
	// is a seed like any other.
	Seed uint64

	// Fault is asked once per request, before anything is done; nil means no
	// fault. It is called concurrently and must not call the Broker.
	// Defaults to no faults.
	Fault func(Call) *Fault
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

func (c Config) withDefaults() Config {
	if c.Region == "" {
		c.Region = "eu-west-1"
	}
	if c.AccountID == "" {
		c.AccountID = "000000000000"
	}
	for _, d := range []struct {
		field *int
		value int
	}{
		{&c.MaxQueues, 100},
		{&c.MaxTopics, 100},
		{&c.MaxMessages, 250_000},
		{&c.MaxInFlight, 120_000},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 256 << 20
	}
	return c
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if !accountID.MatchString(c.AccountID) {
		errs = append(errs, fmt.Errorf("AccountID is %q; want twelve digits", c.AccountID))
	}
	if u, err := url.Parse(c.SQSEndpoint); c.SQSEndpoint != "" &&
		(err != nil || u.Scheme == "" || u.Host == "" || u.Path != "") {
		errs = append(errs, fmt.Errorf("SQSEndpoint is %q; want scheme and host, as http://127.0.0.1:9324", c.SQSEndpoint))
	}
	for name, v := range map[string]int64{
		"MaxQueues": int64(c.MaxQueues), "MaxTopics": int64(c.MaxTopics), "MaxMessages": int64(c.MaxMessages),
		"MaxBytes": c.MaxBytes, "MaxInFlight": int64(c.MaxInFlight),
	} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("%s is %d; want 1 or more, or 0 for the default", name, v))
		}
	}
	if c.DuplicateRate < 0 || c.DuplicateRate > 1 {
		errs = append(errs, fmt.Errorf("DuplicateRate is %g; want 0 to 1", c.DuplicateRate))
	}
	return errors.Join(errs...)
}
