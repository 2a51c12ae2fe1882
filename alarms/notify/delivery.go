package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/alarms/routing"
	"github.com/tracehaul/tracehaul/alarms/snippet"
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
	message message
	cases   func() cases // for those who read: asks the logs when the first of them is told
	forgot  error        // why nothing is remembered
}

// stateMargin is what of an invocation's time is left to the table when the time
// for sending is over.
const stateMargin = 2 * time.Second

// run tells all destinations at once. What fails for one of them, by a panic
// even, is no reason to leave out another.
func (d *delivery) run(ctx context.Context) error {
	names := d.recipients(ctx)
	if len(names) == 0 {
		d.cfg.Logger.InfoContext(ctx, "nobody to tell", "alarm", d.note.Name, "state", d.note.New, "severity", d.severity)
		return d.forgot
	}
	sending, cancel := d.budget(ctx)
	defer cancel()
	d.compose(sending)
	d.cases = sync.OnceValue(func() cases { return d.findCases(sending) })
	var wg sync.WaitGroup
	errs := make([]error, len(names)+1)
	errs[len(names)] = d.forgot
	for i, name := range names {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs[i] = fmt.Errorf("%s: panic: %v", name, v)
					d.cfg.Logger.ErrorContext(ctx, "panic", "destination", name, "alarm", d.note.Name, "error", fmt.Sprint(v), "stack", string(debug.Stack()))
				}
			}()
			errs[i] = d.tell(ctx, sending, name)
		})
	}
	wg.Wait()
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
	names, began := d.toldOf(ctx, told)
	if len(names) == 0 || !began {
		names = union(names, d.routed())
	}
	if d.note.New == stateOK {
		names = union(names, d.pagers())
	}
	return names
}

// union returns a with those of b that it has not.
func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(a, name)
		}
	}
	return a
}

// withoutMemory returns who is told while the table is away. Of an alarm, those
// that know an event by its key, as they may hear of it twice; the others hear
// of it when the message comes again. Of an end nobody: it may be an old one, and
// resolve what is on.
func (d *delivery) withoutMemory(ctx context.Context, err error) []string {
	d.forgot = fmt.Errorf("%w: %w", errTable, err)
	d.cfg.Logger.ErrorContext(ctx, "nothing is remembered", "alarm", d.note.Name, "error", err.Error())
	d.since = d.note.Changed.UnixMilli()
	if d.note.New != stateAlarm {
		return nil
	}
	return slices.DeleteFunc(d.routed(), func(name string) bool { return !d.keyed(name) })
}

// errTable says that the table is why a message fails.
var errTable = errors.New("the table of the notifier")

// toldOf are the destinations that were told of the incident and still exist,
// and whether any destination was told that it began.
func (d *delivery) toldOf(ctx context.Context, records map[string]record) (names []string, began bool) {
	for _, name := range slices.Sorted(maps.Keys(records)) {
		r := records[name]
		i := r.index(d.since)
		if i < 0 {
			continue
		}
		began = began || r.Told[i].Began
		if _, ok := d.cfg.Pipeline.Routing.Destinations[name]; !ok {
			d.cfg.Logger.WarnContext(ctx, "a destination that was told of the alarm is gone", "destination", name, "alarm", d.note.Name)
			continue
		}
		if d.note.New == stateUnknown && d.keyed(name) {
			continue // it stays on there
		}
		names = append(names, name)
	}
	return names, began
}

// pagers are the destinations with a key that such an alarm may have gone to. An
// end is told to all of them: it does no harm to those that do not know of the
// incident, and the one that does may have another name by now.
func (d *delivery) pagers() []string {
	names := routing.AtAnyHour(d.cfg.Pipeline.Routing, d.severity, d.owner)
	return slices.DeleteFunc(names, func(name string) bool { return !d.keyed(name) })
}

// routed are the destinations by the routes alone. The end of an alarm that was
// not on is told to nobody by them: the first look at a new alarm is no news.
func (d *delivery) routed() []string {
	names := routing.Destinations(d.cfg.Pipeline.Routing, d.severity, d.owner, d.at)
	switch {
	case d.note.New == stateOK && d.note.Old != stateAlarm:
		return nil
	case d.note.New == stateUnknown:
		names = slices.DeleteFunc(names, d.keyed)
	}
	return names
}

// keyed reports whether a destination knows events by a key, so that sending
// one again does no harm: those that page.
func (d *delivery) keyed(name string) bool { return keyed(d.cfg.Pipeline.Routing.Destinations[name]) }

func keyed(to pipeline.Destination) bool { return to.Type != "slack" }

// compose puts the message together.
func (d *delivery) compose(ctx context.Context) {
	now, since := d.cfg.Now(), d.note.Changed
	if d.since != 0 && d.since < since.UnixMilli() {
		since = time.UnixMilli(d.since).UTC()
	}
	if d.note.Composite {
		readings, more, group, err := children(ctx, d.cloudwatch, d.note)
		if err != nil {
			d.cfg.Logger.WarnContext(ctx, "children of the alarm left out", "alarm", d.note.Name, "error", err.Error())
		}
		if d.note.Description.LogGroup == "" {
			d.note.Description.LogGroup = group
		}
		d.message = newMessage(d.cfg.Pipeline, d.note, d.severity, since, now)
		d.message.Readings, d.message.More = readings, more
		return
	}
	d.message = newMessage(d.cfg.Pipeline, d.note, d.severity, since, now)
}

// casesReach is how far back from a change the logs are asked: it costs by what
// is read, and an alarm may be on for weeks.
const casesReach = 3 * time.Hour

// findCases asks the logs of an alarm that went on. The firewall's tell neither a
// version nor a trace.
func (d *delivery) findCases(ctx context.Context) cases {
	group := d.note.Description.LogGroup
	if d.cfg.NoCases || group == "" || strings.HasPrefix(group, snippet.FirewallLogs) || d.note.New != stateAlarm {
		return cases{}
	}
	from, to := d.message.Since.Add(-before), d.cfg.Now()
	if earliest := d.note.Changed.Add(-casesReach); from.Before(earliest) {
		from = earliest
	}
	f := caseFinder{client: d.logs, poll: d.casesPoll, url: func(id string) string { return traceURL(d.cfg.Pipeline, d.note.ARN, id, from, to) }}
	cases, err := f.find(ctx, group, from, to)
	if err != nil {
		d.cfg.Logger.WarnContext(ctx, "version and failing requests left out", "alarm", d.note.Name, "log_group", group, "error", err.Error())
	}
	return cases
}
