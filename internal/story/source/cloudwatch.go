package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tracehaul/tracehaul/internal/story"
)

// insights runs queries of CloudWatch Logs Insights.
type insights struct {
	client *cloudwatchlogs.Client
	since  time.Time
	poll   time.Duration
}

const (
	// logsLimit and spansLimit bound the results of a query. CloudWatch gives
	// 10,000 at most. (CloudWatch Logs, StartQuery.)
	logsLimit, spansLimit = 1000, 10000
	// insightsTerms bounds what one query looks for: its text may have 10,000
	// characters (StartQuery), and an id takes 36 of them.
	insightsTerms = 100
	// insightsGroups is how many log groups a query may have (StartQuery).
	insightsGroups = 50
	// insightsQueries bounds the queries of one look, for so many groups.
	insightsQueries = 3
)

// each runs a query for every filter, and notes what was left out.
func (i insights) each(ctx context.Context, groups []string, query string, filters []string, limit int32) (results []map[string]string, cut []string, err error) {
	if more := len(filters) - insightsQueries; more > 0 {
		filters = filters[:insightsQueries]
		cut = append(cut, fmt.Sprintf("it was asked for %d ids, and not for some %d more", insightsQueries*insightsTerms, more*insightsTerms))
	}
	for _, chosen := range filters {
		for some := range slices.Chunk(groups, insightsGroups) {
			rows, err := i.run(ctx, some, strings.Replace(query, "{filter}", chosen, 1), limit)
			results = append(results, rows...)
			if err != nil {
				return results, cut, err
			}
			if len(rows) >= int(limit) {
				cut = append(cut, fmt.Sprintf("a query gives no more than %d results, and there may be more", limit))
			}
		}
	}
	return results, cut, nil
}

// run returns the fields of every result. A query that has not ended when an
// error comes is stopped: it costs by what it reads.
func (i insights) run(ctx context.Context, groups []string, query string, limit int32) (results []map[string]string, err error) {
	started, err := i.client.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{
		LogGroupNames: groups, QueryString: &query, StartTime: aws.Int64(orDayAgo(i.since).Unix()), EndTime: aws.Int64(time.Now().Unix() + 60), Limit: aws.Int32(limit),
	})
	if err != nil {
		return nil, ofAWS(err)
	}
	poll := i.poll
	if poll == 0 {
		poll = 500 * time.Millisecond
	}
	for {
		out, err := i.client.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId})
		if err != nil {
			i.stop(ctx, started.QueryId)
			return nil, ofAWS(err)
		}
		switch out.Status {
		case types.QueryStatusComplete:
			return fields(out.Results), nil
		case types.QueryStatusScheduled, types.QueryStatusRunning, types.QueryStatusUnknown:
		default:
			return nil, fmt.Errorf("the query ended as %s", out.Status)
		}
		select {
		case <-ctx.Done():
			i.stop(ctx, started.QueryId)
			return nil, ctx.Err()
		case <-time.After(poll):
		}
	}
}

// ErrNoCredentials is in place of what the SDK says, which names the last place
// where it has looked.
var ErrNoCredentials = errors.New("no credentials for AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in again with aws sso login")

// ofAWS is an error in short where it is a common one.
func ofAWS(err error) error {
	if strings.Contains(err.Error(), "get credentials") {
		return ErrNoCredentials
	}
	return err
}

// stop ends a query that nobody waits for.
func (i insights) stop(ctx context.Context, id *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = i.client.StopQuery(ctx, &cloudwatchlogs.StopQueryInput{QueryId: id}) // it ends by itself otherwise
}

func fields(rows [][]types.ResultField) (results []map[string]string) {
	for _, row := range rows {
		m := make(map[string]string, len(row))
		for _, f := range row {
			m[aws.ToString(f.Field)] = aws.ToString(f.Value)
		}
		results = append(results, m)
	}
	return results
}

// quote writes a text for a query.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(s) + `"`
}

// byTrace chooses by the field that has the trace's id: such a comparison is
// served by an index, where there is one, and reads less. (CloudWatch Logs,
// "Create field indexes to improve query performance".) There is a filter for
// every query, and none if there is no trace.
func byTrace(field string, c story.Clues) (all []string) {
	for ids := range slices.Chunk(slices.Concat(c.TraceIDs, c.Linked), insightsTerms) {
		all = append(all, among(field, ids))
	}
	return all
}

// byName chooses the lines that consumers write of single messages, by the
// fields that name them. Searched as text, an id would be found in longer ones.
func byName(c story.Clues) (all []string) {
	events := make([]string, len(c.Events))
	for i, e := range c.Events {
		events[i] = e.ID
	}
	slices.Sort(events)
	events = slices.Compact(events)
	for ids := range slices.Chunk(events, insightsTerms) {
		all = append(all, among("event_id", ids))
	}
	for ids := range slices.Chunk(c.SQS, insightsTerms) {
		all = append(all, among("sqs_message_id", ids))
	}
	if len(all) > 1 && len(events)+len(c.SQS) <= insightsTerms {
		return []string{strings.Join(all, " or ")} // each query costs
	}
	return all
}

// byMessage chooses spans by the ids of messages in them.
func byMessage(c story.Clues) (all []string) {
	for ids := range slices.Chunk(slices.Concat(c.SQS, c.SNS), insightsTerms) {
		parts := quoted(ids)
		for i := range parts {
			parts[i] = "@message like " + parts[i]
		}
		all = append(all, strings.Join(parts, " or "))
	}
	return all
}

func among(field string, ids []string) string {
	return field + " in [" + strings.Join(quoted(ids), ", ") + "]"
}

func quoted(terms []string) []string {
	list := make([]string, len(terms))
	for i := range list {
		list[i] = quote(terms[i])
	}
	return list
}

// Logs are the log groups of a pipeline, searched by Logs Insights. A query
// costs by the bytes that it reads.
type Logs struct {
	Client *cloudwatchlogs.Client
	Groups []string
	// Since is when the search begins. Defaults to a day ago.
	Since time.Time
	// Poll is how often the query is asked whether it is done. Defaults to
	// half a second.
	Poll time.Duration
}

// Name says what it is.
func (l Logs) Name() string { return "CloudWatch Logs" }

// Holds says what it can know.
func (Logs) Holds() story.Holding { return story.HoldsLogs }

// Look finds the lines of the trace or, if it is not known, those that name the
// event or the message. Those of traces that are linked to, as a consumer writes
// of its batches under the invocation, are found by their ids.
func (l Logs) Look(ctx context.Context, c story.Clues) (found story.Found, err error) {
	const query = "fields @timestamp, @message, @log | filter {filter} | sort @timestamp asc"
	filters := byTrace("trace_id", c)
	if len(c.TraceIDs) == 0 {
		filters = byName(c)
	}
	if len(filters) == 0 {
		return found, &story.NotAskedError{Why: "lines name traces, events and messages of SQS, and none of them is known"}
	}
	results, cut, err := insights{l.Client, l.Since, l.Poll}.each(ctx, l.Groups, query, filters, logsLimit)
	if missing, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return found, fmt.Errorf("a log group is not there: %s", missing.ErrorMessage())
	}
	for _, r := range results {
		found.Logs = append(found.Logs, parseLine(r["@timestamp"], r["@message"], r["@log"]))
	}
	for _, why := range cut {
		found.Notes = append(found.Notes, "Not all log lines are here: of "+l.Name()+" "+why+".")
	}
	return found, err
}

// Spans are those that X-Ray keeps in the log group aws/spans with Transaction
// Search: all of them, where its own trace summaries are of one in a hundred.
// (CloudWatch guide, "Transaction Search".)
type Spans struct {
	Client *cloudwatchlogs.Client
	// Since is when the search begins. Defaults to a day ago.
	Since time.Time
	// Poll is how often the query is asked whether it is done. Defaults to
	// half a second.
	Poll time.Duration
}

const spansGroup = "aws/spans"

// Name says what it is.
func (s Spans) Name() string { return "X-Ray (CloudWatch Logs, aws/spans)" }

// Holds says what it can know.
func (Spans) Holds() story.Holding { return story.HoldsSpans }

// Look finds spans by the trace's id, or by the message.
func (s Spans) Look(ctx context.Context, c story.Clues) (found story.Found, err error) {
	const query = "fields @message | filter {filter}"
	filters := byTrace("traceId", c)
	if len(c.TraceIDs) == 0 {
		if err := searchable(c); err != nil {
			return found, err
		}
		filters = byMessage(c)
	}
	results, cut, err := insights{s.Client, s.Since, s.Poll}.each(ctx, []string{spansGroup}, query, filters, spansLimit)
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return found, errors.New("there is no log group aws/spans: want Transaction Search to be on (docs/deploy-from-nothing.md)")
	}
	for _, why := range cut {
		found.Cut = append(found.Cut, "of "+s.Name()+" "+why)
	}
	for _, r := range results {
		span, err := parseXRay([]byte(r["@message"]))
		if err != nil {
			found.Notes = append(found.Notes, "A line of aws/spans could not be read: "+err.Error())
			continue
		}
		found.Spans = append(found.Spans, span)
	}
	return found, err
}
