package alb

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Entry is one request in the access log.
type Entry struct {
	// TraceHeader is the X-Amzn-Trace-Id that went to the target, or would
	// have.
	TraceHeader string
	// Line is the entry as the log file holds it, without a line break.
	Line string
}

// record is what is known of a request when it is over.
type record struct {
	client, target string // host:port; target is "" if none was reached
	created, done  time.Time
	// sent is when the request had been sent to the target, answered when
	// the target's response headers came, responded when they were passed on;
	// zero if it never did.
	sent, answered, responded time.Time
	elbStatus, targetStatus   int // targetStatus is 0 if there was no response
	receivedBytes, sentBytes  int64
	method, url, proto        string
	userAgent, traceHeader    string
	connection                string
	forwarded                 bool // to a target group, even if there is no target
}

const userAgentLimit = 8 * 1024

// line writes a record by "Access log entries", Syntax: every field of a
// plain HTTP listener in order, those of TLS, redirects and Lambda targets as
// "-".
func (r record) line(balancer, targetGroup string) string {
	target, targetStatus := "-", "-"
	group, rule, action := "-", "-", "-" // no rule was looked at, as for a malformed request
	if r.target != "" {
		target = r.target
	}
	if r.targetStatus != 0 {
		targetStatus = strconv.Itoa(r.targetStatus)
	}
	if r.forwarded {
		group, rule, action = targetGroup, "0", "forward" // the default action
	}
	agent := r.userAgent
	if agent == "" {
		agent = "-"
	}
	request, target2, response := r.times()
	fields := []string{
		"http", stamp(r.done), balancer, r.client, target,
		request, target2, response,
		strconv.Itoa(r.elbStatus), targetStatus,
		strconv.FormatInt(r.receivedBytes, 10), strconv.FormatInt(r.sentBytes, 10),
		quote(r.method + " " + r.url + " " + r.proto),
		quote(agent[:min(len(agent), userAgentLimit)]),
		"-", "-", // ssl_cipher, ssl_protocol
		group,
		quote(r.traceHeader),
		`"-"`, `"-"`, // domain_name, chosen_cert_arn
		rule,
		stamp(r.created),
		quote(action),
		`"-"`, `"-"`, // redirect_url, error_reason
		quote(target), quote(targetStatus),
		`"-"`, `"-"`, // classification, classification_reason
		r.connection,
		`"-"`, `"-"`, `"-"`, // transformed_host, transformed_uri, request_transform_status
	}
	return strings.Join(fields, " ")
}

// times are request, target and response processing time: seconds to the
// millisecond, or -1 all of them where the request was not dispatched or the
// target did not answer.
func (r record) times() (request, target, response string) {
	request, target, response = "-1", "-1", "-1"
	if r.sent.IsZero() || r.answered.IsZero() {
		return request, target, response
	}
	return seconds(r.sent.Sub(r.created)), seconds(r.answered.Sub(r.sent)), seconds(r.responded.Sub(r.answered))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", max(d, 0).Seconds()) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// quote encloses a field in double quotes. What could end the field or the
// line early is escaped as \xNN, as the balancer's logs show it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
