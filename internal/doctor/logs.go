package doctor

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var logChecks = []Check{
	{
		ID: "log-groups", Hop: signal.HopAlarmPath, needs: []string{needLogs}, Page: "docs/cost.md",
		What: "every program has its log group, which keeps lines as long as described: one that AWS makes by itself keeps them for ever, without the key, and is paid for",
		look: lookLogGroups,
	},
	{
		ID: "metric-filters", Hop: signal.HopAlarmPath, needs: []string{needLogs}, Page: "docs/alarms.md",
		What: "every metric that is counted from log lines has its filter: without, its alarm sees no data, which it takes for good news",
		look: lookMetricFilters,
	},
}

// logGroup is nil if there is none of that name.
func (e *exam) logGroup(ctx context.Context, name string) (*logstypes.LogGroup, error) {
	return remember(e, "log group "+name, func() (*logstypes.LogGroup, error) {
		for pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(e.Clients.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for i := range page.LogGroups {
				if aws.ToString(page.LogGroups[i].LogGroupName) == name {
					return &page.LogGroups[i], nil
				}
			}
		}
		return nil, nil //nolint:nilnil // there is none
	})
}

func lookLogGroups(ctx context.Context, e *exam) (findings []Finding, err error) {
	want := int(e.pipeline.Telemetry.LogRetention.Hours() / 24)
	for _, n := range e.pipeline.Names() {
		if n.Kind != pipeline.KindLogGroup {
			continue
		}
		g, err := e.logGroup(ctx, n.Value)
		switch {
		case err != nil:
			return findings, err
		case g == nil:
			findings = append(findings, Finding{Verdict: Fault, Subject: n.Value, Found: "there is no such log group", Want: "one that keeps lines for " + trace.Counted(want, "day"), Mend: "apply the module that makes it"})
		case g.RetentionInDays == nil:
			findings = append(findings, Finding{Verdict: Warning, Subject: n.Value, Found: "lines are kept for ever", Want: trace.Counted(want, "day"), Mend: "apply the module that makes it; import the log group if Terraform does not know it"})
		default:
			f := compare(n.Value, "the retention", trace.Counted(int(*g.RetentionInDays), "day"), trace.Counted(want, "day"), "apply the module that makes it")
			if f.Verdict != OK {
				f.Verdict = Warning
			}
			findings = append(findings, f)
		}
	}
	return findings, nil
}

// filters are those of a log group; of one that is not there, none.
func (e *exam) filters(ctx context.Context, group string) ([]logstypes.MetricFilter, error) {
	return remember(e, "filters of "+group, func() (all []logstypes.MetricFilter, err error) {
		for pages := cloudwatchlogs.NewDescribeMetricFiltersPaginator(e.Clients.Logs, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &group}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if isCode(err, "ResourceNotFoundException") {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			all = append(all, page.MetricFilters...)
		}
		return all, nil
	})
}

func lookMetricFilters(ctx context.Context, e *exam) (findings []Finding, err error) {
	wanted := e.Alarms.Filters()
	fine := 0
	for i := range wanted {
		s := &wanted[i]
		has, err := e.filters(ctx, s.Filter.LogGroup)
		if err != nil {
			return findings, err
		}
		problem := "there is no filter for it in " + s.Filter.LogGroup
		for j := range has {
			f := &has[j]
			if !makes(f, s) {
				continue
			}
			if pattern := strings.TrimSpace(aws.ToString(f.FilterPattern)); pattern == s.Filter.Pattern {
				problem = ""
				break
			}
			problem = "its filter looks for " + aws.ToString(f.FilterPattern)
		}
		if problem == "" {
			fine++
			continue
		}
		findings = append(findings, Finding{
			Verdict: Fault, Subject: s.Metric.Namespace + " " + s.Metric.Name, Found: problem, Want: s.Filter.Pattern, Mend: applyObservability,
		})
	}
	if fine > 0 {
		findings = append(findings, good(e.pipeline.Prefix(), "metrics of log lines with their filters: "+strconv.Itoa(fine)))
	}
	return findings, nil
}

// makes reports whether a filter makes the metric of a signal, of the same value.
func makes(f *logstypes.MetricFilter, s *signal.Signal) bool {
	for _, t := range f.MetricTransformations {
		if aws.ToString(t.MetricNamespace) == s.Metric.Namespace && aws.ToString(t.MetricName) == s.Metric.Name && aws.ToString(t.MetricValue) == s.Filter.Value {
			return true
		}
	}
	return false
}
