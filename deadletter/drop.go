package deadletter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// DropConfig says which letters are deleted.
type DropConfig struct {
	// Filter chooses the letters. One that chooses all needs All, too.
	Filter Filter

	// All says that an empty filter is meant. Defaults to false.
	All bool

	// Limit is how many letters are archived and deleted at most. Defaults to 0:
	// no limit.
	Limit int

	// Archive gets a line of JSON for each letter, the body included, before
	// the letter is deleted; see [Record]. Required, but it may be io.Discard.
	Archive io.Writer

	// Sync is called when lines were written and before their letters are
	// deleted, such as a file's Sync. Defaults to nothing.
	Sync func() error

	// Before deletes only what was sent until then. Defaults to when the queue
	// was opened.
	Before time.Time

	// Progress hears how far it is. Defaults to nothing.
	Progress func(Progress)
}

// ErrNoFilter is the refusal to delete everything by an oversight.
var ErrNoFilter = errors.New("nothing says which letters: want a filter, or all by name")

// errTooManyLeft ends a drop that gets nowhere.
var errTooManyLeft = errors.New("too many letters could not be deleted once they were archived")

// Dropped says what a drop did.
type Dropped struct {
	Queue  Info
	Groups []Group // what was deleted
	// Deleted letters are gone. Left ones are in the archive, but could not be
	// deleted. It ends at a batch of which none could be.
	Deleted, Left int
	// Skipped letters were not chosen, Later ones came too late.
	Skipped, Later int
	Full           bool // see Redriven
}

// Hidden is about how many letters were with others all the time; see
// [Redriven.Hidden].
func (d Dropped) Hidden() int {
	return d.Queue.hiddenFrom(d.Deleted + d.Left + d.Skipped)
}

// Drop deletes letters. The report is valid with an error, too.
func (q *Queue) Drop(ctx context.Context, c DropConfig) (report Dropped, err error) {
	report.Queue = q.info
	if c.Filter.Empty() && !c.All {
		return report, ErrNoFilter
	}
	if c.Archive == nil {
		return report, errors.New("drop: Archive is nil; want a writer")
	}
	if c.Before.IsZero() {
		c.Before = q.info.At
	}
	r, found := q.reader(), groups{}
	defer func() {
		err = errors.Join(err, r.giveBack(ctx))
		report.Groups = found.sorted()
	}()
	d := dropping{c, r, found, &report}
	for c.Limit <= 0 || report.Deleted+report.Left < c.Limit {
		n := maxEntries
		if c.Limit > 0 {
			n = min(n, c.Limit-report.Deleted-report.Left)
		}
		letters, err := r.next(ctx, n)
		if errors.Is(err, errFull) {
			report.Full = true
			return report, nil
		}
		if err != nil || len(letters) == 0 {
			return report, err
		}
		if err := d.take(ctx, c.choose(letters, &report)); err != nil {
			return report, err
		}
		if c.Progress != nil {
			c.Progress(Progress{report.Deleted, max(report.Deleted, q.info.Waiting-report.Skipped)})
		}
	}
	return report, nil
}

// dropping is a drop in progress.
type dropping struct {
	DropConfig

	reader *reader
	found  groups
	report *Dropped
}

// take archives letters and deletes them. It returns an error if going on makes no
// sense.
func (d *dropping) take(ctx context.Context, letters []*Letter) error {
	if len(letters) == 0 {
		return nil
	}
	name := d.report.Queue.Name
	if err := d.archive(name, letters); err != nil {
		return fmt.Errorf("archive, nothing more was deleted: %w", err)
	}
	left := d.reader.delete(context.WithoutCancel(ctx), letters)
	for _, l := range letters {
		if left[l.MessageID] != nil {
			d.report.Left++
			continue
		}
		d.found.add(l)
		d.report.Deleted++
	}
	switch {
	case len(left) == len(letters):
		return fmt.Errorf("none of %d letters could be deleted from %s, so nothing more was archived: %w", len(left), name, left[letters[0].MessageID])
	case d.report.Left >= maxFailures:
		return errTooManyLeft
	}
	return nil
}

func (c DropConfig) choose(letters []*Letter, report *Dropped) (chosen []*Letter) {
	for _, l := range letters {
		switch {
		case l.SentAt.After(c.Before):
			report.Later++
		case !c.Filter.Match(l):
			report.Skipped++
		default:
			chosen = append(chosen, l)
		}
	}
	return chosen
}

func (c DropConfig) archive(queue string, letters []*Letter) error {
	e := json.NewEncoder(c.Archive)
	e.SetEscapeHTML(false)
	for _, l := range letters {
		if err := e.Encode(l.Record(queue, true)); err != nil {
			return err
		}
	}
	if c.Sync == nil {
		return nil
	}
	return c.Sync()
}
