package notifytest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Secrets are those of Secrets Manager.
type Secrets struct {
	Faults

	mu     sync.Mutex
	values map[string]string
	reads  map[string]int
	slow   map[string]time.Duration
}

func newSecrets() *Secrets {
	return &Secrets{values: map[string]string{}, reads: map[string]int{}, slow: map[string]time.Duration{}}
}

// Slow has a secret take so long to read.
func (s *Secrets) Slow(name string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow[name] = d
}

// Set gives a secret its value.
func (s *Secrets) Set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
}

// Reads returns how often a secret was read.
func (s *Secrets) Reads(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads[name]
}

// Values returns all secrets.
func (s *Secrets) Values() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.values))
}

func (s *Secrets) serve(w http.ResponseWriter, q *http.Request, operation string) {
	s.wrap(w, q, func(w http.ResponseWriter) {
		var in struct{ SecretId string } //nolint:revive // AWS's name
		if err := decode(q, &in); err != nil || operation != "GetSecretValue" {
			refuse(w, "NotImplemented", operation)
			return
		}
		s.mu.Lock()
		slow := s.slow[in.SecretId]
		s.reads[in.SecretId]++
		s.mu.Unlock()
		time.Sleep(slow)
		s.mu.Lock()
		defer s.mu.Unlock()
		value, ok := s.values[in.SecretId]
		if !ok {
			refuse(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
			return
		}
		answer(w, http.StatusOK, map[string]any{"Name": in.SecretId, "SecretString": value})
	})
}

// Alarms are those of CloudWatch.
type Alarms struct {
	Faults
	problems

	mu     sync.Mutex
	alarms []Alarm
}

// Alarm is a metric alarm, or a composite one if it has a rule.
type Alarm struct {
	Name, Description, State, Reason, ReasonData, Comparison, Rule string
	Threshold                                                      float64
}

// Add adds alarms.
func (a *Alarms) Add(alarms ...Alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alarms = append(a.alarms, alarms...)
}

// serve speaks RPC v2 CBOR, as the client does unless it is told otherwise.
func (a *Alarms) serve(w http.ResponseWriter, q *http.Request, operation string) {
	a.wrap(w, q, func(w http.ResponseWriter) {
		names, err := describedNames(q)
		if err != nil || operation != "DescribeAlarms" {
			a.add("%s: %v", operation, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		metric, composite := cbor.List{}, cbor.List{}
		for _, alarm := range a.alarms {
			if !slices.Contains(names, alarm.Name) {
				continue
			}
			if alarm.Rule != "" {
				composite = append(composite, alarm.encode())
			} else {
				metric = append(metric, alarm.encode())
			}
		}
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		_, _ = w.Write(cbor.Encode(cbor.Map{"MetricAlarms": metric, "CompositeAlarms": composite}))
	})
}

// describedNames follows "DescribeAlarms" in CloudWatch's API reference.
func describedNames(q *http.Request) ([]string, error) {
	body, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	in, _ := v.(cbor.Map)
	list, _ := in["AlarmNames"].(cbor.List)
	types, _ := in["AlarmTypes"].(cbor.List)
	most, _ := in["MaxRecords"].(cbor.Uint)
	if len(list) == 0 || len(list) > 100 || len(types) != 2 || most == 0 || most > 100 {
		return nil, fmt.Errorf("%d names (want 1 to 100), %d types, at most %d records", len(list), len(types), most)
	}
	var names []string
	for _, name := range list {
		s, ok := name.(cbor.String)
		if !ok {
			return nil, errors.New("a name is no text")
		}
		names = append(names, string(s))
	}
	return names, nil
}

func (a Alarm) encode() cbor.Map {
	m := cbor.Map{
		"AlarmName": cbor.String(a.Name), "AlarmDescription": cbor.String(a.Description),
		"StateValue": cbor.String(a.State), "StateReason": cbor.String(a.Reason), "StateReasonData": cbor.String(a.ReasonData),
	}
	if a.Rule != "" {
		m["AlarmRule"] = cbor.String(a.Rule)
		return m
	}
	m["Threshold"], m["ComparisonOperator"] = cbor.Float64(a.Threshold), cbor.String(a.Comparison)
	return m
}

// Logs are log groups of CloudWatch Logs, and the answers to queries.
type Logs struct {
	Faults
	problems

	mu      sync.Mutex
	groups  map[string][]LogAnswer
	running map[string]*logQuery
	stopped int
	queries []Query
}

// Query is a query that was started.
type Query struct {
	Text       string
	Start, End time.Time
}

// LogAnswer answers the queries that have a text in them, after it was asked
// for so often.
type LogAnswer struct {
	Query string
	After int // polls; many for a query that does not end
	Rows  []map[string]string
}

type logQuery struct {
	answer LogAnswer
	polls  int
}

func newLogs() *Logs {
	return &Logs{groups: map[string][]LogAnswer{}, running: map[string]*logQuery{}}
}

// Set gives a log group its answers.
func (l *Logs) Set(group string, answers ...LogAnswer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups[group] = answers
}

// Queries returns the queries that were started.
func (l *Logs) Queries() []Query {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.queries)
}

// Stopped returns how many queries were stopped.
func (l *Logs) Stopped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

func (l *Logs) serve(w http.ResponseWriter, q *http.Request, operation string) {
	l.wrap(w, q, func(w http.ResponseWriter) {
		var in struct {
			LogGroupName, QueryString, QueryID string
			StartTime, EndTime                 int64
		}
		if err := decode(q, &in); err != nil {
			l.add("%s: %v", operation, err)
			refuse(w, "InvalidParameterException", err.Error())
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		switch operation {
		case "StartQuery":
			l.start(w, in.LogGroupName, Query{in.QueryString, time.Unix(in.StartTime, 0), time.Unix(in.EndTime, 0)})
		case "GetQueryResults":
			l.results(w, in.QueryID)
		case "StopQuery":
			l.stopped++
			answer(w, http.StatusOK, map[string]bool{"success": true})
		default:
			refuse(w, "NotImplemented", operation)
		}
	})
}

func (l *Logs) start(w http.ResponseWriter, group string, query Query) {
	answers, ok := l.groups[group]
	if !ok {
		refuse(w, "ResourceNotFoundException", "The specified log group does not exist.")
		return
	}
	if query.Text == "" || len(query.Text) > 10000 || !query.Start.Before(query.End) {
		l.add("StartQuery: %+v", query)
	}
	l.queries = append(l.queries, query)
	run := &logQuery{}
	for _, a := range answers {
		if strings.Contains(query.Text, a.Query) {
			run.answer = a
		}
	}
	id := fmt.Sprintf("query-%d", len(l.running)+1)
	l.running[id] = run
	answer(w, http.StatusOK, map[string]string{"queryId": id})
}

func (l *Logs) results(w http.ResponseWriter, id string) {
	run, ok := l.running[id]
	if !ok {
		refuse(w, "ResourceNotFoundException", "no such query")
		return
	}
	run.polls++
	if run.polls <= run.answer.After {
		answer(w, http.StatusOK, map[string]any{"status": "Running", "results": []any{}})
		return
	}
	rows := [][]map[string]string{}
	for _, r := range run.answer.Rows {
		row := []map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(r)) {
			row = append(row, map[string]string{"field": name, "value": r[name]})
		}
		rows = append(rows, row)
	}
	answer(w, http.StatusOK, map[string]any{"status": "Complete", "results": rows})
}
