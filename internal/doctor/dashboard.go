package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var dashboardChecks = []Check{
	{
		ID: "cloudwatch-dashboard", Hop: signal.HopAlarmPath, needs: []string{needCloudWatch}, Page: "docs/dashboards.md",
		What: "the dashboard for deploys in CloudWatch is the one that the description makes",
		look: lookCloudWatchDashboard,
	},
	{
		ID: "grafana-dashboards", Hop: signal.HopAlarmPath, needs: []string{needGrafana}, local: true, Page: "docs/dashboards.md",
		What: "the dashboards in Grafana are those that the description makes: an old one shows old thresholds",
		look: lookGrafana,
	},
}

// dashboards are those of the description.
func (e *exam) dashboards() (*dashboards.Set, error) {
	return remember(e, "dashboards", func() (*dashboards.Set, error) { return dashboards.For(e.Alarms) })
}

func lookCloudWatchDashboard(ctx context.Context, e *exam) ([]Finding, error) {
	name := e.pipeline.DashboardUID(pipeline.BoardDeploy)
	set, err := e.dashboards()
	if err != nil {
		return nil, err
	}
	out, err := e.Clients.CloudWatch.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: &name})
	if isCode(err, "ResourceNotFound", "DashboardNotFoundError") {
		return []Finding{{Verdict: Fault, Subject: name, Found: "there is no such dashboard", Want: "one", Mend: applyObservability}}, nil
	}
	if err != nil {
		return nil, err
	}
	body := string(set.CloudWatch())
	for input, value := range e.inputs(ctx) {
		body = strings.ReplaceAll(body, "${var."+string(input)+"}", value)
	}
	if at, err := unlike([]byte(body), []byte(aws.ToString(out.DashboardBody))); err != nil || at != "" {
		return []Finding{outdated(name, at, err)}, nil
	}
	return []Finding{good(name, "as the description makes it")}, nil
}

// outdated is the finding of a dashboard that is another one.
func outdated(name, at string, err error) Finding {
	f := Finding{Verdict: Warning, Subject: name, Found: "it differs, first at " + at, Want: "what tracehaul generate writes", Mend: applyObservability}
	if err != nil {
		f.Found = "it is no dashboard: " + err.Error()
	}
	return f
}

// unlike says where two documents of JSON first differ, or nothing.
func unlike(want, has []byte) (string, error) {
	var a, b any
	if err := json.Unmarshal(want, &a); err != nil {
		return "", err
	}
	if err := json.Unmarshal(has, &b); err != nil {
		return "", err
	}
	return firstDifference("", a, b, keys), nil
}

// firstDifference looks at those fields of two objects that fields names. What is
// still a variable of Terraform may be anything.
func firstDifference(at string, want, has any, fields func(want, has map[string]any) []string) string {
	here := at
	if here == "" {
		here = "its whole"
	}
	switch want := want.(type) {
	case map[string]any:
		has, ok := has.(map[string]any)
		if !ok {
			return here
		}
		for _, key := range fields(want, has) {
			if d := firstDifference(strings.TrimPrefix(at+"."+key, "."), want[key], has[key], fields); d != "" {
				return d
			}
		}
		return ""
	case []any:
		has, ok := has.([]any)
		if !ok || len(want) != len(has) {
			return here
		}
		for i := range want {
			if d := firstDifference(fmt.Sprintf("%s[%d]", at, i), want[i], has[i], fields); d != "" {
				return d
			}
		}
		return ""
	case string:
		if strings.Contains(want, "${var.") {
			return ""
		}
	}
	if reflect.DeepEqual(want, has) {
		return ""
	}
	return here
}

// wanted leaves out what Grafana adds by itself when it stores a dashboard.
func wanted(want, _ map[string]any) []string { return slices.Sorted(maps.Keys(want)) }

// maxDashboard bounds what is read of Grafana.
const maxDashboard = 8 << 20

func lookGrafana(ctx context.Context, e *exam) (findings []Finding, err error) {
	set, err := e.dashboards()
	if err != nil {
		return nil, err
	}
	for _, b := range set.Boards() {
		stored, version, err := e.grafana(ctx, b.UID)
		if err != nil {
			return findings, err
		}
		if stored == nil {
			findings = append(findings, Finding{Verdict: Fault, Subject: b.UID, Found: "there is no such dashboard in " + e.Grafana, Want: "one", Mend: applyObservability})
			continue
		}
		want := map[string]any{}
		if err := json.Unmarshal(b.JSON(), &want); err != nil {
			return findings, err
		}
		for _, own := range []string{"id", "version"} { // Grafana's
			delete(want, own)
		}
		if at := firstDifference("", want, stored, wanted); at != "" {
			f := outdated(b.UID, at, nil)
			f.Found += ", in version " + version
			findings = append(findings, f)
			continue
		}
		findings = append(findings, good(b.UID, "version "+version+" is as the description makes it"))
	}
	return findings, nil
}

// grafana gets a dashboard, nil if there is none, and which version of it that is.
// ("Dashboard HTTP API", Grafana documentation: get dashboard by uid.)
func (e *exam) grafana(ctx context.Context, uid string) (stored map[string]any, version string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Grafana+"/api/dashboards/uid/"+url.PathEscape(uid), nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Authorization", "Bearer "+e.GrafanaToken)
	response, err := e.HTTP.Do(request)
	if err != nil {
		return nil, "", errors.New("no answer of Grafana: " + reason(err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, "", nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, "", fmt.Errorf("the answer of Grafana is %s: want a token of a service account with dashboards:read", response.Status)
	default:
		return nil, "", fmt.Errorf("the answer of Grafana is %s", response.Status)
	}
	var out struct {
		Dashboard map[string]any `json:"dashboard"`
		Meta      struct {
			Version   int    `json:"version"`
			UpdatedBy string `json:"updatedBy"`
		} `json:"meta"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxDashboard)).Decode(&out); err != nil || out.Dashboard == nil {
		return nil, "", errors.New("the answer is not Grafana's: is the address right?")
	}
	version = strconv.Itoa(out.Meta.Version)
	if out.Meta.UpdatedBy != "" {
		version += " by " + out.Meta.UpdatedBy
	}
	return out.Dashboard, version, nil
}
