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

	// turnPause is how often to ask for a turn that somebody else has.
	turnPause = 250 * time.Millisecond
)

// tell tells one destination, and logs how that went. ctx is for the table,
// sending for all else.
func (d *delivery) tell(ctx, sending context.Context, name string) error {
	to := d.Pipeline.Routing.Destinations[name]
	sending, span := d.tracer.Start(sending, "notify "+to.Type, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.DestinationKey.String(name), semconv.AlarmNameKey.String(d.note.Name),
		semconv.AlarmStateKey.String(d.note.New), semconv.AlarmSeverityKey.String(d.severity),
	))
	defer span.End()
	sent, err := d.inTurn(ctx, sending, name, to)
	if err != nil {
		span.SetAttributes(otelsemconv.ErrorTypeKey.String(codeOf(err)))
		span.SetStatus(codes.Error, "not notified")
		d.Logger.ErrorContext(sending, "not notified", "destination", name, "type", to.Type, "alarm", d.note.Name,
			"state", d.note.New, "severity", d.severity, "error", err.Error())
		return fmt.Errorf("%s: %w", name, err)
	}
	what := "notified"
	if !sent {
		what = "notified before"
	}
	d.Logger.InfoContext(sending, what, "destination", name, "type", to.Type, "alarm", d.note.Name, "state", d.note.New, "severity", d.severity)
	return nil
}

// inTurn tells one destination when nobody else is telling it of this alarm.
func (d *delivery) inTurn(ctx, sending context.Context, name string, to pipeline.Destination) (sent bool, err error) {
	if d.forgot != nil {
		return true, d.send(sending, to, &told{Since: d.since}, d.messageTo(to))
	}
	sent, err = d.turn(ctx, sending, name, func(r *record) (bool, error) {
		return d.once(sending, to, r)
	})
	if errors.Is(err, errTable) && d.keyed(name) && d.note.New == stateAlarm {
		return true, errors.Join(err, d.send(sending, to, &told{Since: d.since}, d.messageTo(to)))
	}
	if err != nil || d.note.New != stateAlarm {
		return sent, err
	}
	// The end may have been told to all others before this one was told of the
	// beginning.
	i, err := d.memory.incident(ctx, d.note.ARN.Text)
	if err != nil || i.over(d.since) == 0 {
		return sent, err
	}
	_, err = d.turn(ctx, sending, name, func(r *record) (bool, error) {
		m := d.messageTo(to)
		m.State, m.Changed = stateOK, time.UnixMilli(i.over(d.since)).UTC()
		return d.end(sending, to, r, m)
	})
	return sent, err
}

// messageTo is the message for a destination: those that page have it before
// the logs have answered.
func (d *delivery) messageTo(to pipeline.Destination) Message {
	m := d.message
	if !keyed(to) {
		m.Cases = d.cases
	}
	return m
}

// once sends what the message says, unless that was done before.
func (d *delivery) once(ctx context.Context, to pipeline.Destination, r *record) (bool, error) {
	if r.has(d.id) {
		return false, nil
	}
	switch d.note.New {
	case stateOK:
		if sent, err := d.end(ctx, to, r, d.messageTo(to)); err != nil || !sent {
			return sent, err
		}
	case stateAlarm:
		t := r.of(d.since)
		if err := d.send(ctx, to, t, d.messageTo(to)); err != nil {
			return false, err
		}
		t.Over = false
	default:
		t := told{}
		if i := r.index(d.since); i >= 0 && d.since != 0 {
			t = r.Told[i]
		}
		if err := d.send(ctx, to, &t, d.messageTo(to)); err != nil {
			return false, err
		}
	}
	r.done(d.id)
	return true, nil
}

// end tells that the incident is over, unless the destination knows.
func (d *delivery) end(ctx context.Context, to pipeline.Destination, r *record, m Message) (bool, error) {
	t := r.of(d.since)
	if t.Over {
		return false, nil
	}
	if keyed(to) {
		// Its key is the alarm's: while that is on, resolving it would resolve
		// the incident that is on now. This look and the note of a new incident
		// cannot miss each other: whoever tells of that one waits for this turn.
		if i, err := d.memory.incident(ctx, d.note.ARN.Text); err != nil || i.on() {
			return err == nil, err // whoever is told that it is over resolves this one, too
		}
	}
	if err := d.send(ctx, to, t, m); err != nil {
		return false, err
	}
	t.Over = true
	if keyed(to) {
		r.close()
	}
	return true, nil
}

// turn has f tell a destination while nobody else does, and notes what it was
// told. f reports whether there is anything to note.
func (d *delivery) turn(ctx, sending context.Context, name string, f func(*record) (bool, error)) (bool, error) {
	alarm, holder := d.note.ARN.Text, rand.Text()
	r, err := d.take(ctx, sending, name, holder)
	if err != nil {
		return false, err
	}
	sent, err := f(&r)
	if err != nil || !sent {
		if back := d.memory.giveBack(ctx, alarm, name, holder); back != nil {
			d.Logger.WarnContext(ctx, "turn not given back; it ends by itself", "destination", name, "error", back.Error())
		}
		return false, err
	}
	return true, d.memory.finish(ctx, alarm, name, holder, r)
}

// take waits for the turn.
func (d *delivery) take(ctx, sending context.Context, name, holder string) (record, error) {
	for {
		until := d.Now().Add(defaultLease)
		if deadline, ok := ctx.Deadline(); ok {
			until = d.Now().Add(time.Until(deadline) + leaseMargin)
		}
		r, err := d.memory.take(ctx, d.note.ARN.Text, name, holder, until)
		if held := (*heldError)(nil); err != nil && !errors.As(err, &held) {
			return r, fmt.Errorf("%w: %w", errTable, err)
		}
		if err == nil || !sleep(sending, turnPause) {
			return r, err
		}
	}
}

// send sends with the secret that is kept and, if that is refused, once with
// the one that there is now.
func (d *delivery) send(ctx context.Context, to pipeline.Destination, t *told, m Message) error {
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
