//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// refusing is a constraint that some events break.
// What it does not, a trigger refuses with the code that the event names.
const (
	refusing = `
ALTER TABLE events ADD CONSTRAINT faults_no_poison CHECK (data ->> 'poison' IS NULL);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = NEW.data ->> 'sqlstate'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.data ->> 'sqlstate' IS NOT NULL) EXECUTE FUNCTION refuse()`
	allowing = `ALTER TABLE events DROP CONSTRAINT faults_no_poison; DROP TRIGGER refuse ON events`

	codeCheck = "23514" // check_violation
)

// refusals are codes with which a database refuses what is in a row, one of
// each class. (PostgreSQL, Appendix A, "PostgreSQL Error Codes".)
var refusals = []string{
	codeCheck,
	"22003", // numeric_value_out_of_range
	"23502", // not_null_violation
	"44000", // with_check_option_violation
	"54000", // program_limit_exceeded
	"P0001", // raise_exception
}

// poisonScenarios put messages that can never work among good ones.
func poisonScenarios() []scenario {
	return []scenario{
		{
			name: "consumer/poison", what: "Among good messages are some that can never work, each for another reason.", short: true,
			setup: func(s *settings) { s.config.HoldConsumers = true },
			run: func(ctx context.Context, w *world) error {
				if err := w.sendPoisoned(ctx); err != nil {
					return err
				}
				return w.StartConsumers()
			},
			check: func(w *world, a *account) error { return wantLetters(a, int(w.hits.Load())) },
		},
		{
			name: "consumer/poison-in-envelopes", what: "Poison among good messages, each in the SNS envelope, which makes one of them larger than SNS takes.",
			setup: func(s *settings) { s.config.HoldConsumers, s.consumer.RawDelivery = true, false },
			run: func(ctx context.Context, w *world) error {
				if err := w.sendPoisoned(ctx); err != nil {
					return err
				}
				w.post(ctx, nil, w.largeImpossible())
				w.hit()
				return w.StartConsumers()
			},
			check: func(w *world, a *account) error {
				return errors.Join(wantLetters(a, int(w.hits.Load())), wantSNSIDs(a))
			},
		},
		{
			name: "consumer/poison-and-no-dlq", what: "The dead-letter queue takes nothing for a while.",
			setup: func(s *settings) { s.config.HoldConsumers = true },
			run:   dlqAway,
			check: func(_ *world, a *account) error { return wantLetters(a, len(poisons)) },
		},
		deadLetterLimits(),
		movedBySQS(),
		{
			name: "consumer/killed-after-dead-letter", what: "The consumer is killed when it has sent a dead letter and before it says so.",
			invocationsFail: takesSpans,
			lettersRepeat:   "a dead letter is sent before its message is acknowledged: at least once",
			run:             killAfterDeadLetter,
			check: func(w *world, a *account) error {
				if a.repeated == 0 {
					return fmt.Errorf("no dead letter was sent again though the consumer was killed %d times after it", w.hits.Load())
				}
				return nil
			},
		},
		{
			name: "consumer/redrive", what: "Events that a constraint refuses are redriven when it is gone.", short: true,
			run: redrive,
			check: func(w *world, a *account) error {
				return errors.Join(wantLetters(a, 0), wantRows(a, a.events), wantAcceptedBefore(a, w.redriven))
			},
		},
	}
}

// poisons are messages that nobody can store, as event with the given id, and
// the code that says why.
var poisons = []struct{ code, text string }{
	{event.CodeMalformedJSON, `{"specversion":"1.0","id":%q,`},
	{event.CodeMalformedJSON, `%q and more`},
	{event.CodeNULCharacter, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","data":{"a":"\u0000"}}`},
	{event.CodeInvalidUnicode, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","data":{"a":"\ud800"}}`},
	{event.CodeNumberOutOfRange, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","data":{"a":1e400000}}`},
	{event.CodeMissingAttribute, `{"specversion":"1.0","id":%q,"source":"/faults"}`},
	{event.CodeUnsupportedVersion, `{"specversion":"0.3","id":%q,"source":"/faults","type":"t"}`},
	{event.CodeInvalidAttribute, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","time":"yesterday"}`},
	{event.CodeDuplicateMember, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","type":"u"}`},
	{event.CodeInvalidData, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","data":1,"data_base64":"AA=="}`},
	{event.CodeTooDeep, `{"specversion":"1.0","id":%q,"source":"/faults","type":"t","data":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`},
}

// poisoned are one message of each kind.
func (w *world) poisoned() (all []*entry) {
	for _, p := range poisons {
		id := fmt.Sprintf("poison-%d", w.serial.Add(1))
		all = append(all, &entry{
			body: fmt.Sprintf(p.text, id), want: inDLQ, reason: semconv.ReasonMalformed, code: p.code,
		})
	}
	return all
}

// impossible is an event that the service takes and the database refuses, with
// one code after the other.
func (w *world) impossible() *entry {
	n := w.serial.Add(1)
	code := refusals[int(w.refusals.Add(1))%len(refusals)]
	data := fmt.Sprintf(`{"n":%d,"sqlstate":%q}`, n, code)
	if code == codeCheck {
		data = fmt.Sprintf(`{"n":%d,"poison":true}`, n)
	}
	e := w.eventOf(fmt.Sprintf("impossible-%d", n), json.RawMessage(data))
	e.want, e.reason, e.code = inDLQ, semconv.ReasonRefused, code
	return e
}

// quoted is how many strings of one letter make an event of about 200 KB, in
// which every second byte is a quote: more than 300 KB in an envelope.
const quoted = 50_000

// largeImpossible is an event that the database refuses, and that is larger in
// SNS's envelope than SNS itself takes.
func (w *world) largeImpossible() *entry {
	n := w.serial.Add(1)
	data := fmt.Sprintf(`{"n":%d,"poison":1,"x":["a"%s]}`, n, strings.Repeat(`,"a"`, quoted))
	e := w.eventOf(fmt.Sprintf("impossible-%d", n), json.RawMessage(data))
	e.want, e.reason, e.code = inDLQ, semconv.ReasonRefused, codeCheck
	return e
}

// sendPoisoned sends good events with poison of every kind in between: what is
// no event, and events that a constraint refuses. Each is a hit.
func (w *world) sendPoisoned(ctx context.Context) error {
	if _, err := w.pool.Exec(ctx, refusing); err != nil {
		return err
	}
	if err := w.sendMixed(ctx, mixedEvents); err != nil {
		return err
	}
	for _, p := range w.poisoned() {
		if err := w.publish(ctx, p); err != nil {
			return err
		}
		w.post(ctx, nil, w.impossible())
		w.hits.Add(2)
		if err := w.send(ctx, w.sc.events/len(poisons)); err != nil {
			return err
		}
	}
	return nil
}

func wantLetters(a *account, n int) error {
	if len(a.letters) != n {
		return fmt.Errorf("there are %d dead letters, want %d", len(a.letters), n)
	}
	return nil
}

// wantSNSIDs wants rows to tell the ids that SNS gave, where they travel: in
// its envelope.
func wantSNSIDs(a *account) error {
	for _, r := range a.rows {
		if r.snsID == "" || r.sqsID == "" || r.snsID == r.sqsID {
			return fmt.Errorf("the row of %s has the ids %q of SNS and %q of SQS", r.key, r.snsID, r.sqsID)
		}
	}
	return nil
}

func wantRows(a *account, n int) error {
	if len(a.rows) != n {
		return fmt.Errorf("there are %d rows, want %d", len(a.rows), n)
	}
	return nil
}

// wantAcceptedBefore wants rows to tell when the service has accepted their
// events, and not when somebody moved them.
func wantAcceptedBefore(a *account, moved time.Time) error {
	for _, r := range a.rows {
		if r.acceptedAt.Before(time.Unix(1, 0)) || r.acceptedAt.After(moved) {
			return fmt.Errorf("the row of %s says that it was accepted at %v, but it was redriven at %v", r.key, r.acceptedAt, moved)
		}
	}
	return nil
}
