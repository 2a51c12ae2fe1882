package alblog

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Types of entries. AWS asks to ignore others; they are read all the same.
const (
	TypeHTTP  = "http"
	TypeHTTPS = "https"
	TypeH2    = "h2"    // HTTP/2 over TLS
	TypeGRPCS = "grpcs" // gRPC over TLS
	TypeWS    = "ws"    // WebSockets
	TypeWSS   = "wss"   // WebSockets over TLS
)

// NotMeasured is a processing time that the load balancer gave as -1: the
// request was not dispatched to a target, or that one closed the connection or
// did not answer in time.
const NotMeasured time.Duration = -1

// Priorities of a rule that are none.
const (
	RuleDefault = 0  // no rule matched, the default action was taken
	RuleError   = -1 // the rules could not be evaluated
	RuleNone    = -2 // another error: the log says -
)

// Actions that a load balancer takes. "Access log entries", Actions taken.
const (
	ActionAuthenticate  = "authenticate"
	ActionFixedResponse = "fixed-response"
	ActionForward       = "forward"
	ActionRedirect      = "redirect"
	ActionWAF           = "waf"        // as the last one: AWS WAF had the request rejected
	ActionWAFFailed     = "waf-failed" // AWS WAF could not be asked
)

// Entry is one line: a request, or a WebSocket connection that was closed. A
// field that the log gives as -, or does not have, is zero, unless its comment
// says otherwise. Strings are as the client sent them: of any length up to the
// line's, and not always UTF-8.
type Entry struct {
	Type   string
	Time   time.Time // when the load balancer generated the response, or the connection was closed
	ELB    string    // resource id: app/<name>/<id>
	Client netip.AddrPort
	Target netip.AddrPort // zero as well where the target is a Lambda function

	RequestProcessing  time.Duration // until the request went to a target; or NotMeasured
	TargetProcessing   time.Duration // until the target's response headers came; or NotMeasured
	ResponseProcessing time.Duration // until the response went to the client; or NotMeasured

	ELBStatus     int
	TargetStatus  int
	ReceivedBytes int64
	SentBytes     int64

	Request        string // the request line: see RequestLine
	UserAgent      string
	SSLCipher      string
	SSLProtocol    string
	TargetGroupARN string
	TraceID        string // the X-Amzn-Trace-Id header
	DomainName     string // SNI
	ChosenCertARN  string
	RulePriority   int       // 1 to 50,000, or RuleDefault, RuleError, RuleNone
	Created        time.Time // when the load balancer received the request

	Actions     string // with commas between: see LastAction
	RedirectURL string
	ErrorReason string

	// Of entries since 2020.
	TargetList           string // with spaces between
	TargetStatusList     string // with spaces between
	Classification       string // Acceptable, Ambiguous, Severe
	ClassificationReason string

	// ConnTraceID joins requests with the connection log.
	ConnTraceID string

	// Of entries since 2025.
	TransformedHost string
	TransformedURI  string
	TransformStatus string

	// Faulty names the fields that could not be read, as AWS does and with
	// commas between: see IsFaulty. They are as if the log had -.
	Faulty string

	// More is what came after these fields, as it came.
	More string
}

// RequestLine splits the request into method, URL and version. A URL may have
// spaces in it; a part that the load balancer could not make out is "".
func (e *Entry) RequestLine() (method, url, version string) {
	method, rest, _ := strings.Cut(e.Request, " ")
	url = rest
	if i := strings.LastIndexByte(strings.TrimRight(rest, " "), ' '); i >= 0 {
		url, version = rest[:i], strings.Trim(rest[i+1:], " ")
	}
	return unlessDash(method), unlessDash(url), unlessDash(version)
}

// LastAction is what became of the request, in the end.
func (e *Entry) LastAction() string {
	return e.Actions[strings.LastIndexByte(e.Actions, ',')+1:]
}

// Fields whose fault changes what an entry means, in AWS's names.
const (
	FieldELBStatus     = "elb_status_code"
	FieldTargetStatus  = "target_status_code"
	FieldReceivedBytes = "received_bytes"
	FieldSentBytes     = "sent_bytes"
)

// IsFaulty tells whether a field could not be read: its zero then says
// nothing.
func (e *Entry) IsFaulty(field string) bool {
	if e.Faulty == "" {
		return false
	}
	return slices.Contains(strings.Split(e.Faulty, ","), field)
}

// WebSocket tells whether the entry is of a connection that was upgraded.
func (e *Entry) WebSocket() bool { return e.Type == TypeWS || e.Type == TypeWSS }

func unlessDash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
