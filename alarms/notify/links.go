package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
)

// before is how much of the time before an incident is shown with it.
const before = 30 * time.Minute

// links are the places to go on from: none of them needs anything looked up.
func links(p *pipeline.Pipeline, n Notification, since, now time.Time) []link {
	d := n.Description
	list := []link{
		{linkGraph, n.ARN.console() + "#alarmsV2:alarm/" + url.PathEscape(n.ARN.Resource)},
		{linkDashboard, atTime(orElse(d.Dashboard, p.DashboardURL(pipeline.BoardPipeline)), p.Dashboards.GrafanaURL, since.Add(-before), now)},
	}
	if isAddress(d.Runbook) {
		list = append(list, link{linkRunbook, d.Runbook})
	}
	if u := snippet.PageURL(p, path.Base(d.Runbook)); d.Runbook != "" && u != "" {
		list = append(list, link{linkQueries, u})
	}
	if d.LogGroup != "" {
		list = append(list, link{linkLogs, orElse(queryURL(n, since, now), n.ARN.console()+"#logsV2:log-groups/log-group/"+fragment(d.LogGroup))})
	}
	if u := tracesURL(p, n, since, now); u != "" && len(u) <= maxURL {
		list = append(list, link{linkTraces, u})
	}
	return list
}

// How long after a message its links go on: while the alarm is on, whoever opens
// them wants to know what came next; and lines come late in any case.
const (
	after     = time.Hour
	lateLines = 5 * time.Minute
)

// span is the time of an incident that logs and traces are asked for: its last
// hours, as that costs by what is read, and Tempo searches a week at most
// ("search.max_duration").
func span(state string, since, now time.Time) (from, to time.Time) {
	from, to = since.Add(-before), now.Add(lateLines)
	if state != stateOK {
		to = now.Add(after)
	}
	if earliest := now.Add(-casesReach); from.Before(earliest) {
		from = earliest
	}
	return from, to
}

// queryURL opens Logs Insights with the alarm's query, over the time of the
// incident. It is empty if there is no query, or one so long that nobody would
// take the address.
func queryURL(n Notification, since, now time.Time) string {
	d := n.Description
	if d.LogGroup == "" || d.Query == "" {
		return ""
	}
	from, to := span(n.New, since, now)
	if u := snippet.InsightsURL(n.ARN.console(), d.LogGroup, d.Query, from, to); len(u) <= maxURL {
		return u
	}
	return ""
}

// tracesURL opens the traces that fail over the time of the incident, where spans
// are kept: in Logs Insights or in Grafana, else nowhere.
func tracesURL(p *pipeline.Pipeline, n Notification, since, now time.Time) string {
	from, to := span(n.New, since, now)
	switch failing := snippet.For(p).Failing(); {
	case failing.Language == snippet.LogsInsights:
		return snippet.InsightsURL(n.ARN.console(), failing.Group, failing.Text, from, to)
	case failing.Language == snippet.TraceQL && p.Dashboards.GrafanaURL != "":
		return exploreURL(p.Dashboards.GrafanaURL, p.Dashboards.TempoUID, failing.Text, from, to)
	}
	return ""
}

// console is the address of the CloudWatch console where the alarm is.
func (a ARN) console() string {
	domain := "console.aws.amazon.com"
	switch a.Partition {
	case "aws-cn":
		domain = "console.amazonaws.cn"
	case "aws-us-gov":
		domain = "console.amazonaws-us-gov.com"
	}
	return "https://" + a.Region + "." + domain + "/cloudwatch/home?region=" + a.Region
}

// fragment escapes what the console reads from behind the #: percent-encoded
// twice, with $ for the first %.
func fragment(s string) string {
	return strings.ReplaceAll(url.QueryEscape(url.QueryEscape(s)), "%", "$")
}

// atTime has a dashboard of Grafana show a time. Others stay as they are.
func atTime(address, grafana string, from, to time.Time) string {
	u, err := url.Parse(address)
	if err != nil || grafana == "" || !strings.HasPrefix(address, grafana+"/") {
		return address
	}
	q := u.Query()
	q.Set("from", strconv.FormatInt(from.UnixMilli(), 10))
	q.Set("to", strconv.FormatInt(to.UnixMilli(), 10))
	u.RawQuery = q.Encode()
	return u.String()
}

// traceURL is where a trace is shown: in X-Ray or in Grafana, where spans are kept,
// else nowhere.
func traceURL(p *pipeline.Pipeline, a ARN, id string, from, to time.Time) string {
	switch in := snippet.For(p).SpansIn(); {
	case in == snippet.LogsInsights:
		return a.console() + "#xray:traces/1-" + id[:8] + "-" + id[8:]
	case in == snippet.TraceQL && p.Dashboards.GrafanaURL != "":
		return exploreURL(p.Dashboards.GrafanaURL, p.Dashboards.TempoUID, id, from, to)
	}
	return ""
}

// exploreURL is a link to Grafana's Explore. (Grafana documentation, "Generate
// Explore URLs from external tools".)
func exploreURL(grafana, uid, id string, from, to time.Time) string {
	source := map[string]string{"type": "tempo", "uid": uid}
	panes, err := json.Marshal(map[string]any{"trace": map[string]any{
		"datasource": uid,
		"queries":    []any{map[string]any{"refId": "A", "datasource": source, "queryType": "traceql", "query": id}},
		"range":      map[string]string{"from": strconv.FormatInt(from.UnixMilli(), 10), "to": strconv.FormatInt(to.UnixMilli(), 10)},
	}})
	if err != nil {
		return "" // texts can be written
	}
	q := url.Values{"schemaVersion": {"1"}, "orgId": {"1"}, "panes": {string(panes)}}
	return grafana + "/explore?" + q.Encode()
}

// maxDedupKey is PagerDuty's limit. (Events API v2, "dedup_key".)
const maxDedupKey = 255

// dedupKey names an alarm, not an incident: what is sent again, or resolved
// although nothing is remembered, still finds its incident.
func dedupKey(a ARN) string {
	if len(a.Text) <= maxDedupKey {
		return a.Text
	}
	sum := sha256.Sum256([]byte(a.Text))
	return "cloudwatch-alarm-" + hex.EncodeToString(sum[:])
}
