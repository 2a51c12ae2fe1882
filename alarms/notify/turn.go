package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/codes"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const (
	// leaseMargin is how long after the end of an invocation its turn may be
	// taken by another one.
	leaseMargin = time.Second

	// defaultLease is for an invocation without a deadline.
	defaultLease = 90 * time.Second

	// defaultTurnPause is how often to ask for a turn that somebody else has.
	defaultTurnPause = 250 * time.Millisecond

	// maxPageWait is how long a page waits for its turn.
	maxPageWait = 5 * time.Second
)

// tell tells one destination, and logs how that went. ctx is for the table,
// sending for all else.
func (d *delivery) tell(ctx, sending context.Context, name string) error {
	to := d.cfg.Pipeline.Routing.Destinations[name]
	sending, span := d.tracer.Start(sending, "notify "+to.Type, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.DestinationKey.String(name), semconv.AlarmNameKey.String(d.note.Name),
		semconv.AlarmStateKey.String(d.note.New), semconv.AlarmSeverityKey.String(d.severity),
	))
	defer span.End()
	done, err := d.inTurn(ctx, sending, name, to)
	if err != nil {
		span.SetAttributes(otelsemconv.ErrorTypeKey.String(codeOf(err)))
		span.SetStatus(codes.Error, "not notified")
		d.cfg.Logger.ErrorContext(sending, "not notified", "destination", name, "type", to.Type, "alarm", d.note.Name,
			"state", d.note.New, "severity", d.severity, "error", err.Error())
		return fmt.Errorf("%s: %w", name, err)
	}
	d.cfg.Logger.InfoContext(sending, string(done), "destination", name, "type", to.Type, "alarm", d.note.Name, "state", d.note.New, "severity", d.severity)
	return nil
}

// outcome is what became of a message, as the log says it.
type outcome string

const (
	outcomeBefore outcome = "notified before" // and there is nothing to note
	outcomeNoNews outcome = "no news"         // noted without sending
	outcomeSent   outcome = "notified"
)

// inTurn tells one destination when nobody else is telling it of this alarm.
func (d *delivery) inTurn(ctx, sending context.Context, name string, to pipeline.Destination) (outcome, error) {
	if d.forgot != nil {
		return d.outOfTurn(sending, to, d.forgot)
	}
	done, err := d.turn(ctx, sending, name, func(r *record) (outcome, error) {
		return d.once(sending, to, r)
	})
	if err != nil && keyed(to) && d.note.New == stateAlarm {
		switch {
		case errors.Is(err, errTable):
			return d.outOfTurn(sending, to, err)
		case isHeld(err):
			// Whoever has the turn may have died with it.
			if i, unknown := d.memory.incident(ctx, d.note.ARN.Text); unknown != nil || i.over(d.since) == 0 {
				return d.outOfTurn(sending, to, err)
			}
		}
	}
	if err != nil || d.note.New != stateAlarm {
		return done, err
	}
	// The end may have been told to all others before this one was told of the
	// beginning.
	i, err := d.memory.incident(ctx, d.note.ARN.Text)
	if err != nil || i.over(d.since) == 0 {
		return done, err
	}
	_, err = d.turn(ctx, sending, name, func(r *record) (outcome, error) {
		m := d.messageTo(to)
		m.State, m.Changed = stateOK, time.UnixMilli(i.over(d.since)).UTC()
		return d.end(sending, to, r, m)
	})
	return done, err
}

// outOfTurn tells one that has a key, though that cannot be noted, because of
// why: so the message fails, to come again and be noted then.
func (d *delivery) outOfTurn(ctx context.Context, to pipeline.Destination, why error) (outcome, error) {
	if err := d.send(ctx, to, &told{Since: d.since}, d.messageTo(to)); err != nil {
		return "", errors.Join(why, err)
	}
	return outcomeSent, fmt.Errorf("told, but that is not noted: %w", why)
}

// messageTo is the message for a destination: those that page do not wait for
// the logs.
func (d *delivery) messageTo(to pipeline.Destination) message {
	m := d.message
	if !keyed(to) {
		m.Cases = d.cases()
	}
	return m
}

// once sends what the message says, unless that was done before.
func (d *delivery) once(ctx context.Context, to pipeline.Destination, r *record) (done outcome, err error) {
	if r.has(d.id) {
		return outcomeBefore, nil
	}
	switch d.note.New {
	case stateOK:
		if done, err = d.end(ctx, to, r, d.messageTo(to)); err != nil {
			return done, err
		}
	case stateAlarm:
		if done, err = d.begin(ctx, to, r); err != nil {
			return done, err
		}
	default:
		t := told{}
		if i := r.index(d.since); i >= 0 && d.since != 0 {
			t = r.Told[i]
		}
		if err := d.send(ctx, to, &t, d.messageTo(to)); err != nil {
			return "", err
		}
		done = outcomeSent
	}
	r.done(d.id)
	return done, nil
}

// begin tells that the alarm is on, unless the destination knows that this
// incident began and is over: a second message of it that comes late is no news.
func (d *delivery) begin(ctx context.Context, to pipeline.Destination, r *record) (outcome, error) {
	t := r.of(d.since)
	if t.Began && t.Over {
		// One that pages may have been told out of turn, see inTurn: there the
		// end is sent once more.
		t.Over = !keyed(to)
		return outcomeNoNews, nil
	}
	if err := d.send(ctx, to, t, d.messageTo(to)); err != nil {
		return "", err
	}
	t.Began, t.Over = true, false
	return outcomeSent, nil
}

// end tells that the incident is over, unless the destination knows.
func (d *delivery) end(ctx context.Context, to pipeline.Destination, r *record, m message) (outcome, error) {
	t := r.of(d.since)
	if t.Over {
		return outcomeNoNews, nil
	}
	if keyed(to) {
		// Its key is the alarm's: while that is on, resolving it would resolve
		// the incident that is on now. This look and the note of a new incident
		// cannot miss each other: whoever tells of that one waits for this turn.
		if i, err := d.memory.incident(ctx, d.note.ARN.Text); err != nil || i.on() {
			return outcomeNoNews, err // whoever is told that it is over resolves this one, too
		}
	}
	if err := d.send(ctx, to, t, m); err != nil {
		return "", err
	}
	t.Over = true
	if keyed(to) {
		r.close()
	}
	return outcomeSent, nil
}

// turn has f tell a destination while nobody else does, and notes what it was
// told.
func (d *delivery) turn(ctx, sending context.Context, name string, f func(*record) (outcome, error)) (outcome, error) {
	alarm, holder := d.note.ARN.Text, rand.Text()
	r, err := d.take(ctx, sending, name, holder)
	if err != nil {
		return "", err
	}
	done, err := f(&r)
	if err != nil || done == outcomeBefore {
		if back := d.memory.giveBack(ctx, alarm, name, holder); back != nil {
			d.cfg.Logger.WarnContext(ctx, "turn not given back; it ends by itself", "destination", name, "error", back.Error())
		}
		return done, err
	}
	return done, d.memory.finish(ctx, alarm, name, holder, r)
}

// take waits for the turn: a page no longer than it may without it.
func (d *delivery) take(ctx, sending context.Context, name, holder string) (record, error) {
	if d.keyed(name) && d.note.New == stateAlarm {
		wait := maxPageWait
		if deadline, ok := sending.Deadline(); ok {
			wait = min(wait, time.Until(deadline)/2)
		}
		var cancel context.CancelFunc
		sending, cancel = context.WithTimeout(sending, wait)
		defer cancel()
	}
	for {
		until := d.cfg.Now().Add(defaultLease)
		if deadline, ok := ctx.Deadline(); ok {
			until = d.cfg.Now().Add(time.Until(deadline) + leaseMargin)
		}
		r, err := d.memory.take(ctx, d.note.ARN.Text, name, holder, until)
		if err != nil && !isHeld(err) {
			return r, fmt.Errorf("%w: %w", errTable, err)
		}
		if err == nil || !sleep(sending, d.turnPause) {
			return r, err
		}
	}
}

// send sends with the secret that is kept and, if that is refused, once with
// the one that there is now.
func (d *delivery) send(ctx context.Context, to pipeline.Destination, t *told, m message) error {
	refused := ""
	for {
		c, err := d.secrets.credential(ctx, to.Type, to.Secret, refused)
		if err == nil {
			s := d.senders[to.Type]
			if m.State == stateOK {
				err = s.over(ctx, to, c, m, t)
			} else {
				err = s.firing(ctx, to, c, m, t)
			}
		}
		if err == nil || !isAuth(err) || refused != "" || c.value == "" {
			return err
		}
		fresh, readErr := d.secrets.get(ctx, to.Secret, c.value)
		if readErr != nil || fresh == c.value {
			return err
		}
		refused = c.value
	}
}
