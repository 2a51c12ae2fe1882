package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// memory is the table: an item for each alarm (its incidents) and one for each
// alarm and destination (what was told).
//
//	pk  S  the ARN of the alarm
//	sk  S  "incident", or "to#" and the destination
//	record   S  JSON: an incident, or a record
//	version  N  of an incident: the next one wants it unchanged
//	holder, lease  S, N  who is telling the destination, and until when (ms)
//	expires  N  when DynamoDB may delete the item (seconds)
//
// Names of attributes are given as placeholders, since DynamoDB reserves words.
type memory struct {
	client *dynamodb.Client
	table  string
	now    func() time.Time
}

const (
	incidentKey = "incident"
	toPrefix    = "to#"

	// keep is how long an item outlives its last change: an alarm may be on for
	// months, and must find its thread when it ends.
	keep = 400 * 24 * time.Hour
)

// tableTimeout bounds one call. A table that does not answer must leave time to
// page people without it: see [delivery.withoutMemory].
const tableTimeout = 3 * time.Second

// bounded is ctx for one call: no more than a third of the time that is left.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := tableTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/3)
	}
	return context.WithTimeout(ctx, timeout)
}

// heldError says that another invocation is telling the destination.
type heldError struct{ until time.Time }

func (e *heldError) Error() string {
	return "another invocation is telling it, until " + e.until.UTC().Format(time.RFC3339) + " at the latest"
}

func isHeld(err error) bool {
	var held *heldError
	return errors.As(err, &held)
}

// errChanged says that another invocation was quicker.
var errChanged = errors.New("the incident has changed meanwhile")

// record is what one destination was told of one alarm.
type record struct {
	Done []string `json:"done,omitempty"` // ids of SNS messages that it has had, the latest last
	Told []told   `json:"told,omitempty"` // incidents that it was told of, the latest last
}

// told is what a destination knows of an incident.
type told struct {
	Since   int64           `json:"since"`           // names the incident
	Began   bool            `json:"began,omitempty"` // it was told that it began
	Over    bool            `json:"over,omitempty"`  // it knows that it is over
	Channel string          `json:"channel,omitempty"`
	TS      string          `json:"ts,omitempty"`     // of the first message of the thread in Slack
	Blocks  json.RawMessage `json:"blocks,omitempty"` // of that message
}

// What is remembered of one destination. An alarm that changes every minute
// would fill the item otherwise.
const (
	maxDone = 200
	maxTold = 3
)

func (r *record) has(message string) bool { return slices.Contains(r.Done, message) }

func (r *record) done(message string) {
	r.Done = append(r.Done, message)
	r.Done = r.Done[max(0, len(r.Done)-maxDone):]
}

// of returns what is known of an incident, as a new entry if it is nothing.
func (r *record) of(since int64) *told {
	if i := r.index(since); i >= 0 {
		return &r.Told[i]
	}
	r.Told = append(r.Told, told{Since: since})
	r.Told = r.Told[max(0, len(r.Told)-maxTold):]
	return &r.Told[len(r.Told)-1]
}

func (r *record) index(since int64) int {
	return slices.IndexFunc(r.Told, func(t told) bool { return t.Since == since })
}

// close notes that the destination knows of no incident that is not over.
func (r *record) close() {
	for i := range r.Told {
		r.Told[i].Over = true
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func (m *memory) expires() types.AttributeValue { return number(m.now().Add(keep).Unix()) }

func key(alarm, item string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text(alarm), "sk": text(item)}
}

// incident returns what is known of an alarm's incidents: nothing, if it is new.
func (m *memory) incident(ctx context.Context, alarm string) (i incident, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	out, err := m.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &m.table, Key: key(alarm, incidentKey), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return i, fmt.Errorf("read the incident: %w", err)
	}
	if len(out.Item) == 0 {
		return i, nil
	}
	if err := decode(out.Item, &i); err != nil {
		return i, fmt.Errorf("the incident in the table: %w", err)
	}
	i.version, err = integer(out.Item["version"])
	return i, err
}

// putIncident writes an incident, unless it has changed since it was read.
func (m *memory) putIncident(ctx context.Context, alarm string, i incident) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	item := key(alarm, incidentKey)
	item["record"], item["version"], item["expires"] = encode(i), number(i.version+1), m.expires()
	in := &dynamodb.PutItemInput{
		TableName: &m.table, Item: item,
		ConditionExpression:      aws.String("attribute_not_exists(#pk)"),
		ExpressionAttributeNames: map[string]string{"#pk": "pk"},
	}
	if i.version != 0 {
		in.ConditionExpression = aws.String("#version = :version")
		in.ExpressionAttributeNames = map[string]string{"#version": "version"}
		in.ExpressionAttributeValues = map[string]types.AttributeValue{":version": number(i.version)}
	}
	_, err := m.client.PutItem(ctx, in)
	if failed := (*types.ConditionalCheckFailedException)(nil); errors.As(err, &failed) {
		return errChanged
	}
	if err != nil {
		return fmt.Errorf("write the incident: %w", err)
	}
	return nil
}

// change reads the incidents, has them changed, and writes them. It returns
// what the function returned.
func (m *memory) change(ctx context.Context, alarm string, change func(*incident) (since int64)) (since int64, err error) {
	for range 8 { // each time, somebody else got through
		i, err := m.incident(ctx, alarm)
		if err != nil {
			return 0, err
		}
		before := i
		if since = change(&i); i == before {
			return since, nil
		}
		if err = m.putIncident(ctx, alarm, i); !errors.Is(err, errChanged) {
			return since, err
		}
	}
	return 0, errChanged
}

// told returns what each destination was told of an alarm.
func (m *memory) told(ctx context.Context, alarm string) (map[string]record, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	records := map[string]record{}
	pages := dynamodb.NewQueryPaginator(m.client, &dynamodb.QueryInput{
		TableName: &m.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk AND begins_with(#sk, :to)"),
		ExpressionAttributeNames:  map[string]string{"#pk": "pk", "#sk": "sk"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(alarm), ":to": text(toPrefix)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read who was told: %w", err)
		}
		for _, item := range page.Items {
			sk, _ := item["sk"].(*types.AttributeValueMemberS)
			var r record
			if sk == nil || item["record"] == nil {
				continue // taken, and not told yet
			}
			if err := decode(item, &r); err != nil {
				return nil, fmt.Errorf("what %s was told: %w", sk.Value, err)
			}
			records[strings.TrimPrefix(sk.Value, toPrefix)] = r
		}
	}
	return records, nil
}

// take makes holder the one who tells a destination of an alarm, until a time.
// The error is a *heldError if somebody else is.
func (m *memory) take(ctx context.Context, alarm, destination, holder string, until time.Time) (r record, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	out, err := m.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &m.table, Key: key(alarm, toPrefix+destination),
		UpdateExpression:    aws.String("SET #holder = :holder, #lease = :until, #expires = :expires"),
		ConditionExpression: aws.String("attribute_not_exists(#lease) OR #lease < :now"),
		ExpressionAttributeNames: map[string]string{
			"#holder": "holder", "#lease": "lease", "#expires": "expires",
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":holder": text(holder), ":until": number(until.UnixMilli()), ":now": number(m.now().UnixMilli()), ":expires": m.expires(),
		},
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if failed := (*types.ConditionalCheckFailedException)(nil); errors.As(err, &failed) {
		lease, _ := integer(failed.Item["lease"])
		return r, &heldError{time.UnixMilli(lease)}
	}
	if err != nil {
		return r, fmt.Errorf("take the turn: %w", err)
	}
	if out.Attributes["record"] == nil {
		return r, nil
	}
	if err := decode(out.Attributes, &r); err != nil {
		return r, fmt.Errorf("what it was told: %w", err)
	}
	return r, nil
}

// finish writes what was told and ends the turn.
func (m *memory) finish(ctx context.Context, alarm, destination, holder string, r record) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := m.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &m.table, Key: key(alarm, toPrefix+destination),
		UpdateExpression:    aws.String("SET #lease = :none, #expires = :expires, #record = :record"),
		ConditionExpression: aws.String("#holder = :holder"),
		ExpressionAttributeNames: map[string]string{
			"#holder": "holder", "#lease": "lease", "#expires": "expires", "#record": "record",
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":holder": text(holder), ":none": number(0), ":expires": m.expires(), ":record": encode(r),
		},
	})
	if err != nil {
		return fmt.Errorf("note what was told: %w", err)
	}
	return nil
}

// giveBack ends the turn and leaves what was told as it was.
func (m *memory) giveBack(ctx context.Context, alarm, destination, holder string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := m.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &m.table, Key: key(alarm, toPrefix+destination),
		UpdateExpression:          aws.String("SET #lease = :none"),
		ConditionExpression:       aws.String("#holder = :holder"),
		ExpressionAttributeNames:  map[string]string{"#holder": "holder", "#lease": "lease"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":holder": text(holder), ":none": number(0)},
	})
	if err != nil {
		return fmt.Errorf("give the turn back: %w", err)
	}
	return nil
}

func encode(v any) types.AttributeValue {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs
	}
	return text(string(b))
}

func decode(item map[string]types.AttributeValue, v any) error {
	s, ok := item["record"].(*types.AttributeValueMemberS)
	if !ok {
		return errors.New("record: want a text")
	}
	return json.Unmarshal([]byte(s.Value), v)
}

func integer(v types.AttributeValue) (int64, error) {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0, errors.New("want a number in the table")
	}
	return strconv.ParseInt(n.Value, 10, 64)
}
