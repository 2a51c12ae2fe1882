package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// delivery is one message of CloudWatch on its way to its destinations.
type delivery struct {
	*Notifier

	note     Notification
	severity string
	owner    string
	id       string    // of the SNS message, the same at every delivery
	at       time.Time // when it was published, the same at every delivery: routes go by it

	since   int64 // names the incident that the message is about
	message Message
	cases   Cases // for those who read: complete when Slack is told
	forgot  error // why nothing is remembered
}

// stateMargin is what of an invocation's time is left to the table when the time
// for sending is over.
const stateMargin = 2 * time.Second

// run tells all destinations at once. Slack waits for what the logs say; those
// that page do not.
func (d *delivery) run(ctx context.Context) error {
	names := d.recipients(ctx)
	if len(names) == 0 {
		d.Logger.InfoContext(ctx, "nobody to tell", "alarm", d.note.Name, "state", d.note.New, "severity", d.severity)
		return d.forgot
	}
	sending, cancel := d.budget(ctx)
	defer cancel()
	d.compose(sending)
	cases := make(chan struct{})
	go func() {
		defer close(cases)
		d.findCases(sending, names)
	}()
	var wg sync.WaitGroup
	errs := make([]error, len(names)+1)
	errs[len(names)] = d.forgot
	for i, name := range names {
		wg.Go(func() {
			if !d.keyed(name) {
				<-cases
			}
			errs[i] = d.tell(ctx, sending, name)
		})
	}
	wg.Wait()
	<-cases
	return errors.Join(errs...)
}

// budget is the time for sending: the invocation's but for what is left to the
// table.
func (d *delivery) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, defaultSendTime)
	}
	margin := min(stateMargin, time.Until(deadline)/4)
	return context.WithDeadline(ctx, deadline.Add(-margin))
}

// recipients takes note of the change and returns who is to hear of it.
func (d *delivery) recipients(ctx context.Context) []string {
	changed := d.note.Changed.UnixMilli()
	note := func(i *incident) int64 {
		switch d.note.New {
		case stateAlarm:
			return i.firing(changed)
		case stateOK:
			return i.ended(changed)
		}
		if i.on() {
			return i.Since
		}
		return 0
	}
	alarm := d.note.ARN.Text
	since, err := d.memory.change(ctx, alarm, note)
	if err != nil {
		return d.withoutMemory(ctx, err)
	}
	d.since = since
	switch d.note.New {
	case stateAlarm:
		return d.routed()
	case stateOK:
		if since == 0 {
			return nil // a later incident has begun, and nobody knows of this one
		}
	}
	told, err := d.memory.told(ctx, alarm)
	if err != nil {
		return d.withoutMemory(ctx, err)
	}
	if names := d.toldOf(told); len(names) > 0 {
		return names
	}
	return d.routed()
}

// withoutMemory returns who is told while the table is away. Of an alarm, those
// that know an event by its key, as they may hear of it twice; the others hear
// of it when the message comes again. Of an end nobody: it may be an old one, and
// resolve what is on.
func (d *delivery) withoutMemory(ctx context.Context, err error) []string {
	d.forgot = fmt.Errorf("%w: %w", errTable, err)
	d.Logger.ErrorContext(ctx, "nothing is remembered", "alarm", d.note.Name, "error", err.Error())
	d.since = d.note.Changed.UnixMilli()
	if d.note.New != stateAlarm {
		return nil
	}
	return slices.DeleteFunc(d.routed(), func(name string) bool { return !d.keyed(name) })
}

// errTable says that the table is why a message fails.
var errTable = errors.New("the table of the notifier")

// toldOf are the destinations that were told of the incident and still exist.
func (d *delivery) toldOf(records map[string]record) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(records)) {
		r := records[name]
		// A key names the alarm: its end is that of every incident.
		knows := r.index(d.since) >= 0 || d.keyed(name) && r.open() && d.note.New == stateOK
		if !knows {
			continue
		}
		if _, ok := d.Pipeline.Routing.Destinations[name]; !ok {
			d.Logger.Warn("a destination that was told of the alarm is gone", "destination", name, "alarm", d.note.Name)
			continue
		}
		if d.note.New == stateUnknown && d.keyed(name) {
			continue // it stays on there
		}
		names = append(names, name)
	}
	return names
}

// routed are the destinations by the routes alone. An end of which nothing else
// is known is told to all those that page, as they may have been told at
// another hour; to the others only if the alarm was on: the first look at a new
// alarm is no news.
func (d *delivery) routed() []string {
	names := Routes(d.Pipeline.Routing, d.severity, d.owner, d.at)
	switch d.note.New {
	case stateOK:
		if d.note.Old != stateAlarm {
			names = nil
		}
		for _, name := range atAnyHour(d.Pipeline.Routing, d.severity, d.owner) {
			if d.keyed(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	case stateUnknown:
		names = slices.DeleteFunc(names, d.keyed)
	}
	return names
}

// keyed reports whether a destination knows events by a key, so that sending
// one again does no harm: those that page.
func (d *delivery) keyed(name string) bool { return keyed(d.Pipeline.Routing.Destinations[name]) }

func keyed(to pipeline.Destination) bool { return to.Type != "slack" }

// compose puts the message together.
func (d *delivery) compose(ctx context.Context) {
	now, since := d.Now(), d.note.Changed
	if d.since != 0 && d.since < since.UnixMilli() {
		since = time.UnixMilli(d.since).UTC()
	}
	if d.note.Composite {
		readings, group, err := children(ctx, d.cloudwatch, d.note)
		if err != nil {
			d.Logger.WarnContext(ctx, "children of the alarm left out", "alarm", d.note.Name, "error", err.Error())
		}
		if d.note.Description.LogGroup == "" {
			d.note.Description.LogGroup = group
		}
		d.message = newMessage(d.Pipeline, d.note, d.severity, since, now)
		d.message.Readings = readings
		return
	}
	d.message = newMessage(d.Pipeline, d.note, d.severity, since, now)
}

// findCases asks the logs, if somebody is there to read it.
func (d *delivery) findCases(ctx context.Context, names []string) {
	group := d.note.Description.LogGroup
	if d.NoCases || group == "" || d.note.New != stateAlarm || !slices.ContainsFunc(names, func(n string) bool { return !d.keyed(n) }) {
		return
	}
	from, to := d.message.Since.Add(-before), d.Now()
	f := caseFinder{client: d.logs, url: func(id string) string { return traceURL(d.Pipeline, d.note.ARN, id, from, to) }}
	cases, err := f.find(ctx, group, from, to)
	if err != nil {
		d.Logger.WarnContext(ctx, "version and failing requests left out", "alarm", d.note.Name, "log_group", group, "error", err.Error())
	}
	d.cases = cases
}
