package doctor_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/doctor"
)

// Where an event without a row stopped, its queues tell: how many messages they
// had before, and have now.
func TestFollow_NoRow_QueuesTellWhere(t *testing.T) {
	t.Parallel()
	const waiting, hidden = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
	for name, test := range map[string]struct {
		before, after func(*account)
		down          bool // the database
		verdict       doctor.Verdict
		hop, why      string
	}{
		"nobody takes it":           {nil, func(a *account) { a.queues[queueName][waiting] = "1" }, false, doctor.Fault, "consumer", "nobody takes messages out"},
		"taken, not settled":        {nil, func(a *account) { a.queues[queueName][hidden] = "1" }, false, doctor.Fault, "consumer", "does not settle it"},
		"taken, and no database":    {nil, func(a *account) { a.queues[queueName][hidden] = "1" }, true, doctor.Fault, "database", "cannot write it"},
		"given up":                  {nil, func(a *account) { a.queues[queueName+"-dlq"][waiting] = "1" }, false, doctor.Fault, "consumer", "gave it up"},
		"not delivered":             {nil, func(a *account) { a.queues[queueName+"-undelivered"][waiting] = "1" }, false, doctor.Fault, "topic", "SNS could not put it"},
		"letters of yesterday":      {func(a *account) { a.queues[queueName+"-dlq"][waiting] = "9" }, nil, false, doctor.Fault, "topic", "it is in no queue"},
		"another is done with":      {func(a *account) { a.queues[queueName][hidden] = "1" }, func(a *account) { a.queues[queueName][hidden] = "0" }, false, doctor.Fault, "topic", "it is in no queue"},
		"nowhere":                   {nil, nil, false, doctor.Fault, "topic", "it is in no queue"},
		"nowhere, and no answer":    {nil, nil, true, doctor.Unknown, "database", ""},
		"perhaps not selected":      {func(a *account) { a.consumer().FilterPolicy = map[string]any{"event-type": []any{"x"}} }, nil, false, doctor.Warning, "topic", "may not select the doctor's"},
		"queues are not to be seen": {func(a *account) { a.refused["GetQueueUrl"] = "AccessDenied" }, nil, false, doctor.Fault, "queue", "in a queue, or nothing is subscribed"},
		"nobody can be asked":       {func(a *account) { a.refused["GetQueueUrl"] = "AccessDenied" }, nil, true, doctor.Unknown, "queue", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := healthy(t)
			if test.before != nil {
				test.before(a)
			}
			s := &stage{answer: func(http.ResponseWriter, *http.Request) bool {
				a.mu.Lock()
				defer a.mu.Unlock()
				if test.after != nil {
					test.after(a)
				}
				return false
			}}
			c := s.start(t)
			c.Clients.SQS, c.Alarms, c.Traces, c.Timeout = a.start(t).Clients.SQS, a.set, nil, 100*time.Millisecond
			if test.down {
				c.Timeout = heard
				c.DatabaseURL = "postgres://nobody:secret@127.0.0.1:1/x"
			}
			r := walk(t, c)
			rows := slices.DeleteFunc(slices.Clone(r.Findings), func(f doctor.Finding) bool { return f.Check != "row" })
			if !slices.ContainsFunc(rows, func(f doctor.Finding) bool {
				return f.Verdict == test.verdict && string(f.Hop) == test.hop && strings.Contains(f.Why, test.why)
			}) || (len(rows) > 1) != test.down {
				t.Errorf("want %s at %s: %s, got:\n%s", test.verdict, test.hop, test.why, text(t, r))
			}
			if mend := "tracehaul dlq show -c ledger " + r.Event.ID + " -e prod"; name == "given up" && !strings.Contains(text(t, r), mend) {
				t.Errorf("want %q in:\n%s", mend, text(t, r))
			}
			if mend := "tracehaul dlq ls --undelivered -c ledger -e prod"; name == "not delivered" && !strings.Contains(text(t, r), mend) {
				t.Errorf("want %q in:\n%s", mend, text(t, r))
			}
			if last := rows[len(rows)-1]; test.after != nil && strings.Contains(last.Found, "empty") != (test.why == "it is in no queue") || strings.Count(last.Found, " wait, ") > 1 {
				t.Errorf("of the queues it says %s", last.Found)
			}
			for _, f := range rows { // that the database is away is a fault where the consumer needs it
				if f.Verdict != test.verdict || f.Subject == "" {
					t.Errorf("%s is %s, want %s: %s", f.Check, f.Verdict, test.verdict, f.Found)
				}
			}
			if strings.Contains(text(t, r), "secret") || r.Event.Left == "" {
				t.Errorf("it shows a password, or does not say what it left behind:\n%s", text(t, r))
			}
		})
	}
}
