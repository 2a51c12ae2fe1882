package albspan

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/internal/protocol"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// attributes of one span.
type attributes struct{ all []attribute.KeyValue }

func (a *attributes) add(more ...attribute.KeyValue) { a.all = append(a.all, more...) }

// text adds a value that the log has, and nothing where it has none.
func (a *attributes) text(key attribute.Key, value string) {
	if value != "" {
		a.add(key.String(cut(value)))
	}
}

// maxText is how much is told of what a client may choose freely. Package
// httpserver has the same limit.
const maxText = 1 << 10

func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "\uFFFD") }

const otherMethod = "_OTHER"

// method is http.request.method, by the list of package httpserver, and what
// the client sent if that is not in it. Where a request is malformed, anything
// may stand there, a URL with its query too: only a word is told.
func method(e *alblog.Entry) (known, original string) {
	m, _, _ := e.RequestLine()
	switch m {
	case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE":
		return m, ""
	}
	if len(m) > maxMethod || strings.ContainsFunc(m, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '-' && r != '_' }) {
		return otherMethod, ""
	}
	return otherMethod, m
}

// maxMethod is longer than any method that is registered ("HTTP Method
// Registry", IANA).
const maxMethod = 24

// name is the span's: the method alone, as a load balancer knows no routes.
// Semantic conventions, "HTTP spans", section Name.
func name(e *alblog.Entry) string {
	if known, _ := method(e); known != otherMethod {
		return known
	}
	return "HTTP"
}

func (a *attributes) request(e *alblog.Entry) {
	known, original := method(e)
	a.add(otelsemconv.HTTPRequestMethodKey.String(known))
	a.text(otelsemconv.HTTPRequestMethodOriginalKey, original)
	_, url, version := e.RequestLine()
	l := locate(url)
	a.text(otelsemconv.URLSchemeKey, l.scheme)
	a.text(otelsemconv.URLPathKey, l.path)
	a.text(otelsemconv.ServerAddressKey, l.host)
	if l.port != 0 && l.port != defaultPort(l.scheme) {
		a.add(otelsemconv.ServerPort(l.port))
	}
	if e.WebSocket() {
		a.add(otelsemconv.NetworkProtocolName("websocket"))
	} else {
		a.text(otelsemconv.NetworkProtocolVersionKey, protocol.Version(version))
	}
	if e.ELBStatus != 0 {
		a.add(otelsemconv.HTTPResponseStatusCode(e.ELBStatus))
	}
	if !e.IsFaulty(alblog.FieldReceivedBytes) {
		a.add(otelsemconv.HTTPRequestSizeKey.Int64(e.ReceivedBytes))
	}
	if !e.IsFaulty(alblog.FieldSentBytes) {
		a.add(otelsemconv.HTTPResponseSizeKey.Int64(e.SentBytes))
	}
}

func (a *attributes) client(e *alblog.Entry) {
	if e.Client.IsValid() {
		a.add(otelsemconv.ClientAddress(e.Client.Addr().String()), otelsemconv.ClientPort(int(e.Client.Port())))
	}
	a.text(otelsemconv.UserAgentOriginalKey, e.UserAgent)
	a.text(semconv.AmznTraceIDKey, xray.Known(e.TraceID))
	a.text(semconv.ALBIDKey, e.ELB)
	a.text(semconv.ALBTypeKey, e.Type)
	a.text(semconv.ALBConnectionKey, e.ConnTraceID)
}

func (a *attributes) tls(e *alblog.Entry) {
	a.text(otelsemconv.TLSCipherKey, e.SSLCipher)
	if version, ok := strings.CutPrefix(e.SSLProtocol, "TLSv"); ok {
		a.add(otelsemconv.TLSProtocolNameTLS)
		a.text(otelsemconv.TLSProtocolVersionKey, version)
	}
	if _, url, _ := e.RequestLine(); e.DomainName != locate(url).host {
		name, _ := server(e.DomainName)
		a.text(semconv.ALBServerNameKey, name)
	}
	if e.ChosenCertARN == sessionReused {
		a.add(otelsemconv.TLSResumed(true))
		return
	}
	a.text(semconv.ALBCertificateKey, e.ChosenCertARN)
}

// sessionReused stands where there was no need for a certificate.
const sessionReused = "session-reused"

func (a *attributes) target(e *alblog.Entry) {
	if !e.IsFaulty(alblog.FieldTargetStatus) {
		a.add(semconv.ALBTargetReachedKey.Bool(e.TargetStatus != 0))
	}
	if e.TargetStatus != 0 {
		a.add(semconv.ALBTargetStatusKey.Int(e.TargetStatus))
	}
	if e.Target.IsValid() {
		a.add(semconv.ALBTargetKey.String(e.Target.String()))
	}
	a.text(semconv.ALBTargetGroupKey, e.TargetGroupARN)
	a.list(semconv.ALBTargetsKey, e.TargetList, " ", 2)
	a.list(semconv.ALBTargetStatusesKey, e.TargetStatusList, " ", 2)
}

// rules adds what the load balancer did.
func (a *attributes) rules(e *alblog.Entry) {
	a.list(semconv.ALBFaultyFieldsKey, e.Faulty, ",", 1)
	a.list(semconv.ALBActionsKey, e.Actions, ",", 1)
	if e.RulePriority != alblog.RuleNone {
		a.add(semconv.ALBRuleKey.Int(e.RulePriority))
	}
	a.text(semconv.ALBRedirectKey, locate(e.RedirectURL).String())
	a.text(semconv.ALBErrorReasonKey, e.ErrorReason)
	a.text(semconv.ALBClassificationKey, e.Classification)
	a.text(semconv.ALBClassificationReasonKey, e.ClassificationReason)
	a.text(semconv.ALBTransformStatusKey, e.TransformStatus)
	host, _ := server(e.TransformedHost)
	a.text(semconv.ALBTransformHostKey, host)
	a.text(semconv.ALBTransformPathKey, transformedPath(e.TransformedURI))
}

// transformedPath takes the path out of a URI, which may be a whole URL.
func transformedPath(uri string) string {
	if strings.HasPrefix(uri, "/") {
		return plainPath(uri)
	}
	return locate(uri).path
}

// maxList is how many values of a list are told.
const maxList = 16

// list adds the values of a list, if there are at least so many.
func (a *attributes) list(key attribute.Key, list, separator string, least int) {
	if list == "" {
		return
	}
	values := strings.Split(cut(list), separator)
	if len(values) >= least {
		a.add(key.StringSlice(values[:min(len(values), maxList)]))
	}
}
