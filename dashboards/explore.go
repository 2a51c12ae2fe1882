package dashboards

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tracehaul/tracehaul/pipeline"
)

// traceLinks lead from a value in a graph to the traces and log lines of the
// time that is shown.
func (b *builder) traceLinks() []dashboard.DashboardLink {
	var links []dashboard.DashboardLink
	if b.uids.has(fromTempo) {
		links = append(links, valueLink("Failing traces of the time shown (Tempo)", explore(fromTempo, map[string]any{
			"queryType": "traceql", "query": "{ " + b.traceSelector() + " && status = error }",
		})))
	}
	if b.uids.has(fromXRay) {
		links = append(links, valueLink("Failing traces of the time shown (X-Ray)", explore(fromXRay, map[string]any{
			"queryType": "getTraceSummaries", "region": b.pipeline.Region, "query": b.xrayFailing(),
		})))
	}
	if b.uids.has(fromLoki) {
		links = append(links, valueLink("Errors logged in the time shown (Loki)", explore(fromLoki, map[string]any{
			"queryType": "range", "expr": b.lokiErrors(),
		})))
	}
	if b.uids.has(fromCloudWatch) {
		links = append(links, valueLink("Logs of the service (CloudWatch)", b.pipeline.ConsoleURL("cloudwatch")+"#logsV2:log-groups/log-group/"+consoleEscape(b.serviceLogs())))
	}
	return links
}

// explore is an address in Grafana that asks a data source about the time that
// the board shows. ("Explore", Grafana documentation: schemaVersion 1.)
func explore(s source, query map[string]any) string {
	query["refId"] = "A"
	panes := map[string]any{"a": map[string]any{
		"datasource": "${" + sourceNames[s].variable + "}",
		"queries":    []any{query},
		"range":      map[string]string{"from": "${__from}", "to": "${__to}"},
	}}
	var text bytes.Buffer
	encode(&text, panes)
	return "/explore?schemaVersion=1&panes=" + escapeKeepingVariables(strings.TrimSpace(text.String()))
}

// escapeKeepingVariables escapes what is to stand in an address, but for
// variables, which Grafana finds unescaped alone.
func escapeKeepingVariables(text string) string {
	var b strings.Builder
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			break
		}
		end := start + strings.IndexByte(text[start:], '}') + 1
		b.WriteString(strings.ReplaceAll(url.QueryEscape(text[:start]), "+", "%20"))
		b.WriteString(text[start:end])
		text = text[end:]
	}
	b.WriteString(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
	return b.String()
}

// consoleEscape writes a name as the CloudWatch console has it in its
// addresses: escaped twice, with $ for %.
func consoleEscape(name string) string {
	return strings.ReplaceAll(url.QueryEscape(url.QueryEscape(name)), "%", "$")
}

func (b *builder) serviceLogs() string {
	return pipeline.LogGroupName(pipeline.KindService, b.pipeline.ServiceName())
}
