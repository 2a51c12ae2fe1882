package alblog

import (
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

var (
	errOpen    = errors.New("a quote at its end")
	errMissing = errors.New("a value: the line ends too early")
	errEmpty   = errors.New("a value, or -")
	errTime    = errors.New("a time, such as 2018-07-02T22:23:00.186641Z")
	errAddress = errors.New("an address with a port, or -")
	errSeconds = errors.New("seconds, such as 0.086, or -1")
	errStatus  = errors.New("a status code of three digits, or -")
	errCount   = errors.New("a number from 0")
	errRule    = errors.New("a number from -1 to 50000, or -")
)

// field is how one field is read into an entry.
type field struct {
	name string
	lax  bool // a fault of it leaves the line readable
	read func(e *Entry, value string) error
}

// required is how many fields every line has: those of 2018, error_reason the
// last.
const required = 25

// fields are in the order of "Access log entries", Syntax.
var fields = []field{
	text("type", false, func(e *Entry) *string { return &e.Type }),
	moment("time", func(e *Entry) *time.Time { return &e.Time }),
	text("elb", false, func(e *Entry) *string { return &e.ELB }),
	address("client:port", func(e *Entry) *netip.AddrPort { return &e.Client }),
	address("target:port", func(e *Entry) *netip.AddrPort { return &e.Target }),
	seconds("request_processing_time", func(e *Entry) *time.Duration { return &e.RequestProcessing }),
	seconds("target_processing_time", func(e *Entry) *time.Duration { return &e.TargetProcessing }),
	seconds("response_processing_time", func(e *Entry) *time.Duration { return &e.ResponseProcessing }),
	status(FieldELBStatus, func(e *Entry) *int { return &e.ELBStatus }),
	status(FieldTargetStatus, func(e *Entry) *int { return &e.TargetStatus }),
	count(FieldReceivedBytes, func(e *Entry) *int64 { return &e.ReceivedBytes }),
	count(FieldSentBytes, func(e *Entry) *int64 { return &e.SentBytes }),
	text("request", true, func(e *Entry) *string { return &e.Request }),
	text("user_agent", true, func(e *Entry) *string { return &e.UserAgent }),
	text("ssl_cipher", false, func(e *Entry) *string { return &e.SSLCipher }),
	text("ssl_protocol", false, func(e *Entry) *string { return &e.SSLProtocol }),
	text("target_group_arn", false, func(e *Entry) *string { return &e.TargetGroupARN }),
	text("trace_id", true, func(e *Entry) *string { return &e.TraceID }),
	text("domain_name", true, func(e *Entry) *string { return &e.DomainName }),
	text("chosen_cert_arn", true, func(e *Entry) *string { return &e.ChosenCertARN }),
	rule("matched_rule_priority", func(e *Entry) *int { return &e.RulePriority }),
	moment("request_creation_time", func(e *Entry) *time.Time { return &e.Created }),
	text("actions_executed", true, func(e *Entry) *string { return &e.Actions }),
	text("redirect_url", true, func(e *Entry) *string { return &e.RedirectURL }),
	text("error_reason", true, func(e *Entry) *string { return &e.ErrorReason }),
	text("target:port_list", true, func(e *Entry) *string { return &e.TargetList }),
	text("target_status_code_list", true, func(e *Entry) *string { return &e.TargetStatusList }),
	text("classification", true, func(e *Entry) *string { return &e.Classification }),
	text("classification_reason", true, func(e *Entry) *string { return &e.ClassificationReason }),
	text("conn_trace_id", false, func(e *Entry) *string { return &e.ConnTraceID }),
	text("transformed_host", true, func(e *Entry) *string { return &e.TransformedHost }),
	text("transformed_uri", true, func(e *Entry) *string { return &e.TransformedURI }),
	text("request_transform_status", true, func(e *Entry) *string { return &e.TransformStatus }),
}

// Parse reads a line, without its line break, into e. The strings of e share
// the line's memory. The error is a [*LineError], and e then of no use.
//
// A number, or an address, that cannot be read costs itself alone: it is named
// in e.Faulty. The two times have to be right, as the span needs both, and what
// stands before the second is then known to be in its place.
func Parse(line string, e *Entry) error {
	*e = Entry{}
	for i := range fields {
		f := &fields[i]
		if line = strings.TrimLeft(line, " "); line == "" {
			if i >= required {
				return nil
			}
			return f.fault(i, errMissing)
		}
		value, rest, ok := next(line)
		if !ok {
			return f.fault(i, errOpen)
		}
		if err := f.read(e, value); err != nil {
			if !f.lax {
				return f.fault(i, err)
			}
			e.leaveOut(f)
		}
		line = rest
	}
	e.More = strings.Trim(line, " ")
	return nil
}

// leaveOut reads a faulty field as one that the log does not have.
func (e *Entry) leaveOut(f *field) {
	_ = f.read(e, "-") // any lax field takes it
	if e.Faulty != "" {
		e.Faulty += ","
	}
	e.Faulty += f.name
}

func (f *field) fault(i int, want error) *LineError {
	return &LineError{Index: i + 1, Field: f.name, Want: want.Error()}
}

func text(name string, quoted bool, of func(*Entry) *string) field {
	return field{
		name, false,
		func(e *Entry, value string) error {
			if value == "" && !quoted {
				return errEmpty
			}
			*of(e) = unlessDash(value)
			return nil
		},
	}
}

func moment(name string, of func(*Entry) *time.Time) field {
	return field{
		name, false,
		func(e *Entry, value string) (err error) {
			if *of(e), err = time.Parse(time.RFC3339, value); err != nil || !strings.HasSuffix(value, "Z") {
				return errTime
			}
			return nil
		},
	}
}

// address reads <ip>:<port>. An IPv6 address may have brackets or not; the port
// is what is behind the last colon.
func address(name string, of func(*Entry) *netip.AddrPort) field {
	return field{
		name, true,
		func(e *Entry, value string) error {
			if value == "-" {
				return nil
			}
			colon := strings.LastIndexByte(value, ':')
			if colon < 0 {
				return errAddress
			}
			host := value[:colon]
			if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
				host = host[1 : len(host)-1]
			}
			ip, err := netip.ParseAddr(host)
			port, portErr := strconv.ParseUint(value[colon+1:], 10, 16)
			if err != nil || portErr != nil || ip.Zone() != "" {
				return errAddress
			}
			*of(e) = netip.AddrPortFrom(ip, uint16(port))
			return nil
		},
	}
}

// seconds reads a processing time: milliseconds, as AWS writes it, or less.
func seconds(name string, of func(*Entry) *time.Duration) field {
	return field{
		name, true,
		func(e *Entry, value string) error {
			if value == "-1" || value == "-" {
				*of(e) = NotMeasured
				return nil
			}
			f, err := strconv.ParseFloat(value, 64)
			if err != nil || !(f >= 0 && f <= maxSeconds) {
				return errSeconds
			}
			*of(e) = time.Duration(math.Round(f*1e6)) * time.Microsecond
			return nil
		},
	}
}

// maxSeconds is longer than anything that is measured, and fits a duration.
const maxSeconds = 1e9

// noStatus is - as CloudFront's logs write it: the client left before there was
// a status ("Standard log file fields", sc-status).
const noStatus = "000"

func status(name string, of func(*Entry) *int) field {
	return field{
		name, true,
		func(e *Entry, value string) error {
			if value == "-" {
				return nil
			}
			n, err := strconv.Atoi(value)
			if value == noStatus {
				return nil
			}
			if err != nil || len(value) != 3 || n < 100 {
				return errStatus
			}
			*of(e) = n
			return nil
		},
	}
}

func count(name string, of func(*Entry) *int64) field {
	return field{
		name, true,
		func(e *Entry, value string) error {
			if value == "-" {
				return nil
			}
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil {
				return errCount
			}
			*of(e) = int64(n)
			return nil
		},
	}
}

func rule(name string, of func(*Entry) *int) field {
	return field{
		name, true,
		func(e *Entry, value string) error {
			if value == "-" {
				*of(e) = RuleNone
				return nil
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < RuleError || n > maxRule {
				return errRule
			}
			*of(e) = n
			return nil
		},
	}
}

const maxRule = 50_000
