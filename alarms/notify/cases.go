package notify

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// cases are what the logs say of an incident.
type cases struct {
	Versions []version     // those that ran, the latest first
	Traces   []failedTrace // of requests that failed, the latest first: five at most
}

// version is a version that wrote to the log.
type version struct {
	Name  string
	Lines int
}

// failedTrace is the trace of a request that failed.
type failedTrace struct{ ID, URL string }

const (
	casesTimeout = 6 * time.Second
	stopTimeout  = 2 * time.Second
	maxTraces    = 5
	maxVersions  = 3

	defaultCasesPoll = 400 * time.Millisecond
)

// What is asked, of lines with the keys that telemetry's have. A request failed
// if a line of its trace complains, or answers with a status of a fault. (The
// query of the alarm itself often counts lines that are no failures.)
const (
	versionsQuery = "fields `service.version` as version | stats count(*) as lines, max(@timestamp) as last by version | sort last desc | limit 10"
	tracesQuery   = `filter ispresent(trace_id) and (level in ["WARN", "ERROR"] or status >= 500) | stats max(@timestamp) as last by trace_id | sort last desc | limit 20`
)

// caseFinder looks for cases with CloudWatch Logs Insights.
type caseFinder struct {
	client *cloudwatchlogs.Client
	poll   time.Duration
	url    func(trace string) string
}

// find looks into a log group. What one of the two queries found is returned
// even if the other one failed.
func (f caseFinder) find(ctx context.Context, group string, from, to time.Time) (cases, error) {
	ctx, cancel := context.WithTimeout(ctx, casesTimeout)
	defer cancel()
	type answer struct {
		rows [][]types.ResultField
		err  error
	}
	versions := make(chan answer, 1)
	go func() {
		rows, err := f.run(ctx, group, versionsQuery, from, to)
		versions <- answer{rows, err}
	}()
	rows, err := f.run(ctx, group, tracesQuery, from, to)
	var c cases
	for _, row := range rows {
		if id := field(row, "trace_id"); traceID.MatchString(id) && len(c.Traces) < maxTraces {
			c.Traces = append(c.Traces, failedTrace{id, f.url(id)})
		}
	}
	v := <-versions
	for _, row := range v.rows {
		name := shorten(field(row, "version"), 100)
		if lines, _ := strconv.ParseFloat(field(row, "lines"), 64); name != "" && len(c.Versions) < maxVersions {
			c.Versions = append(c.Versions, version{name, int(lines)})
		}
	}
	return c, errors.Join(err, v.err)
}

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

func field(row []types.ResultField, name string) string {
	for _, f := range row {
		if aws.ToString(f.Field) == name {
			return aws.ToString(f.Value)
		}
	}
	return ""
}

// run runs a query to its end, or stops it.
func (f caseFinder) run(ctx context.Context, group, query string, from, to time.Time) ([][]types.ResultField, error) {
	started, err := f.client.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{
		LogGroupName: &group, QueryString: &query, StartTime: aws.Int64(from.Unix()), EndTime: aws.Int64(to.Unix() + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("start a query of %s: %w", group, err)
	}
	for sleep(ctx, f.poll) {
		out, err := f.client.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId})
		if err != nil {
			f.stop(ctx, started.QueryId)
			return nil, fmt.Errorf("results of a query of %s: %w", group, err)
		}
		switch out.Status {
		case types.QueryStatusComplete:
			return out.Results, nil
		case types.QueryStatusScheduled, types.QueryStatusRunning:
		default:
			return nil, fmt.Errorf("query of %s: %s", group, out.Status)
		}
	}
	f.stop(ctx, started.QueryId)
	return nil, fmt.Errorf("query of %s: %w", group, ctx.Err())
}

// stop ends a query that nobody waits for. It costs until it ends.
func (f caseFinder) stop(ctx context.Context, id *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	_, _ = f.client.StopQuery(ctx, &cloudwatchlogs.StopQueryInput{QueryId: id}) // it may have ended
}
