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

// Validate reports everything that is wrong with c at once.
func (c DropConfig) Validate() error {
	var errs []error
	if c.Filter.Empty() && !c.All {
		errs = append(errs, ErrNoFilter)
	}
	if c.Archive == nil {
		errs = append(errs, errors.New("Archive is nil: want a writer")) //nolint:staticcheck // a field has a capital
	}
	if c.Limit < 0 {
		errs = append(errs, fmt.Errorf("limit of %d: want 0 for no limit, or more", c.Limit))
	}
	return errors.Join(errs...)
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
	// Full says that it ended early; see [Redriven].
	Full bool
}

// Hidden is about how many letters were with others all the time; see
// [Redriven.Hidden].
func (d Dropped) Hidden() int {
	return d.Queue.hiddenFrom(d.Deleted + d.Left + d.Skipped)
}

// Drop deletes letters. The report is valid with an error, too.
func (q *Queue) Drop(ctx context.Context, c DropConfig) (report Dropped, err error) {
	if err := c.Validate(); err != nil {
		return Dropped{Queue: q.info}, fmt.Errorf("drop: %w", err)
	}
	if c.Before.IsZero() {
		c.Before = q.info.At
	}
	run := &dropping{DropConfig: c, reader: q.reader(), found: groups{}, report: Dropped{Queue: q.info}}
	defer func() {
		err = errors.Join(err, run.reader.giveBack(ctx))
		run.report.Groups = run.found.sorted()
		report = run.report
	}()
	return report, run.all(ctx)
}

// dropping is a drop in progress.
type dropping struct {
	DropConfig

	reader *reader
	found  groups
	report Dropped
}

func (d *dropping) all(ctx context.Context) error {
	for {
		n := d.room()
		if n == 0 {
			return nil
		}
		letters, err := d.reader.next(ctx, n)
		if errors.Is(err, errFull) {
			d.report.Full = true
			return nil
		}
		if err != nil || len(letters) == 0 {
			return err
		}
		if err := d.take(ctx, d.choose(letters)); err != nil {
			return err
		}
		d.tell()
	}
}

// room is how many letters may come next: no more than the limit leaves.
func (d *dropping) room() int {
	if d.Limit == 0 {
		return maxEntries
	}
	return min(maxEntries, d.Limit-d.report.Deleted-d.report.Left)
}

func (d *dropping) tell() {
	if d.Progress != nil {
		d.Progress(progress(d.report.Deleted, d.report.Queue.Waiting-d.report.Skipped, d.Limit))
	}
}

// take archives letters and deletes them. It returns an error if going on makes no
// sense.
func (d *dropping) take(ctx context.Context, letters []*Letter) error {
	if len(letters) == 0 {
		return nil
	}
	name := d.report.Queue.Name
	if err := d.archive(letters); err != nil {
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

func (d *dropping) choose(letters []*Letter) (chosen []*Letter) {
	for _, l := range letters {
		switch {
		case l.SentAt.After(d.Before):
			d.report.Later++
		case !d.Filter.Match(l):
			d.report.Skipped++
		default:
			chosen = append(chosen, l)
		}
	}
	return chosen
}

func (d *dropping) archive(letters []*Letter) error {
	e := json.NewEncoder(d.Archive)
	e.SetEscapeHTML(false)
	for _, l := range letters {
		if err := e.Encode(l.Record(d.report.Queue.Name, true)); err != nil {
			return err
		}
	}
	if d.Sync == nil {
		return nil
	}
	return d.Sync()
}
