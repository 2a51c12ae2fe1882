package alblog_test

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
)

// written is the line of an entry: its fields in the order of "Access log
// entries", Syntax, and then More.
func written(e *alblog.Entry) string {
	all := []string{
		bare(e.Type), moment(e.Time), bare(e.ELB), address(e.Client), address(e.Target),
		seconds(e.RequestProcessing), seconds(e.TargetProcessing), seconds(e.ResponseProcessing),
		status(e.ELBStatus), status(e.TargetStatus), strconv.FormatInt(e.ReceivedBytes, 10), strconv.FormatInt(e.SentBytes, 10),
		quoted(e.Request), quoted(e.UserAgent), bare(e.SSLCipher), bare(e.SSLProtocol), bare(e.TargetGroupARN),
		quoted(e.TraceID), quoted(e.DomainName), quoted(e.ChosenCertARN), rule(e.RulePriority), moment(e.Created),
		quoted(e.Actions), quoted(e.RedirectURL), quoted(e.ErrorReason), quoted(e.TargetList), quoted(e.TargetStatusList),
		quoted(e.Classification), quoted(e.ClassificationReason),
		bare(e.ConnTraceID), quoted(e.TransformedHost), quoted(e.TransformedURI), quoted(e.TransformStatus),
	}
	if e.More != "" {
		all = append(all, e.More)
	}
	return strings.Join(all, " ")
}

func bare(s string) string   { return escaped(s, " ") }
func quoted(s string) string { return `"` + escaped(s, "") + `"` }

// escaped is a value, or - if there is none. What could end the field or the line
// early is escaped.
func escaped(s, others string) string {
	const hex = "0123456789ABCDEF"
	if s == "" {
		return "-"
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || strings.IndexByte(`"\`+others, c) >= 0 {
			b.Write([]byte{'\\', 'x', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return "-"
	}
	return a.String()
}

func seconds(d time.Duration) string {
	if d == alblog.NotMeasured {
		return "-1"
	}
	return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', 3, 64)
}

func status(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func rule(n int) string {
	if n == alblog.RuleNone {
		return "-"
	}
	return strconv.Itoa(n)
}
