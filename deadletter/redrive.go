package deadletter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// RedriveConfig says which letters go where, and how fast.
type RedriveConfig struct {
	// To is the URL of the queue that they go to, as a rule the one that they
	// came from. Required.
	To string

	// Filter chooses the letters. Defaults to all.
	Filter Filter

	// Limit is how many letters are redriven at most. Defaults to 0: no limit.
	Limit int

	// Rate is how many letters are sent in a second. Defaults to 0: as many as
	// can be.
	Rate float64

	// MaxRedrives leaves letters that were redriven that often where they are:
	// they come back again and again. Defaults to 0: no bound.
	MaxRedrives int

	// DryRun sends and deletes nothing. Defaults to false.
	DryRun bool

	// ID names the redrive in AttributeRedrive. Defaults to a random one.
	ID string

	// Progress hears how far it is. Defaults to nothing.
	Progress func(Progress)

	// TracerProvider makes the spans of the redrive, which link to the traces
	// of the messages. Defaults to the global one.
	TracerProvider trace.TracerProvider
}

// Validate reports everything that is wrong with c at once.
func (c RedriveConfig) Validate() error {
	var errs []error
	if c.To == "" {
		errs = append(errs, errors.New("no queue to send to: want its URL"))
	}
	if c.Limit < 0 {
		errs = append(errs, fmt.Errorf("limit of %d: want 0 for no limit, or more", c.Limit))
	}
	if c.Rate != 0 && (c.Rate < 0.1 || c.Rate > 100_000) {
		errs = append(errs, fmt.Errorf("rate of %g: want 0.1 to 100000 a second, or 0 for no bound", c.Rate))
	}
	if c.MaxRedrives < 0 {
		errs = append(errs, fmt.Errorf("at most %d redrives: want 0 for no bound, or more", c.MaxRedrives))
	}
	return errors.Join(errs...)
}

// Redriven says what a redrive did.
type Redriven struct {
	ID       string
	From, To Info
	DryRun   bool

	// Groups are the letters that were sent, by cause; those that would be in
	// a dry run.
	Groups []Group

	// Sent letters are confirmed by the other queue. Left of them could not be
	// deleted here: they are in both, and are sent again by the next redrive,
	// which is harmless. It ends at a batch of which none could be deleted.
	Sent, Left int

	// Failed letters were not sent, or it is not known: they stay. Failures
	// has an example of each error.
	Failed   int
	Failures map[string]int

	// Skipped letters were not chosen, Exhausted ones redriven too often
	// before, Later ones came when it had begun, and of those Returned ones
	// were sent by this very redrive.
	Skipped, Exhausted, Later, Returned int

	// Unmarked letters had no room for AttributeRedrive, and were sent
	// without.
	Unmarked int

	// Full says that it ended early as too many letters had to be held that
	// were not chosen.
	Full bool
}

// Hidden is about how many letters were with others all the time: with somebody
// who reads them, or with a run that was killed. They come back by themselves.
func (r Redriven) Hidden() int {
	return r.From.hiddenFrom(r.Sent + r.Failed + r.Skipped + r.Exhausted)
}

// errTooManyFailures ends a redrive that gets nowhere.
var errTooManyFailures = errors.New("too many letters could not be sent, or not be deleted once they were")

const maxFailures = 100

// Redrive sends letters to a queue and deletes each once that has confirmed
// it. Bodies, attributes and trace contexts stay as they are; the consumer's
// failure-* attributes are taken off, and AttributeRedrive is put on.
//
// It takes only letters that were sent before it began, so that it ends, even
// if all of them come back. Whoever interrupts or kills it begins it again. The
// report is valid with an error, too.
func (q *Queue) Redrive(ctx context.Context, c RedriveConfig) (report Redriven, err error) {
	if err := c.Validate(); err != nil {
		return Redriven{}, fmt.Errorf("redrive: %w", err)
	}
	if c.ID == "" {
		c.ID = rand.Text()[:12]
	}
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	to, err := describe(ctx, q.cfg.SQS, c.To)
	if err != nil {
		return Redriven{}, err
	}
	if to.ARN == q.info.ARN {
		return Redriven{}, fmt.Errorf("redrive: %s would go to itself; want another queue", to.Name)
	}
	run := &redrive{
		RedriveConfig: c, reader: q.reader(), found: groups{}, begin: time.Now(),
		report: Redriven{ID: c.ID, From: q.info, To: to, DryRun: c.DryRun, Failures: map[string]int{}},
	}
	ctx = run.startSpan(ctx)
	defer func() {
		err = errors.Join(err, run.reader.giveBack(ctx))
		run.report.Groups = run.found.sorted()
		report = run.report
		run.endSpan(ctx, err)
	}()
	return report, run.all(ctx)
}

// redrive is one in progress.
type redrive struct {
	RedriveConfig

	reader *reader
	report Redriven
	found  groups
	begin  time.Time
}

func (r *redrive) all(ctx context.Context) error {
	for {
		n := r.room()
		if n == 0 {
			return nil
		}
		if err := r.pace(ctx); err != nil {
			return err
		}
		letters, err := r.reader.next(ctx, n)
		if errors.Is(err, errFull) {
			r.report.Full = true
			return nil
		}
		if err != nil || len(letters) == 0 {
			return err
		}
		if err := r.take(ctx, r.choose(letters)); err != nil {
			return err
		}
		r.tell()
		if r.report.Failed+r.report.Left >= maxFailures {
			return errTooManyFailures
		}
	}
}

// room is how many letters may come next: no more than the limit leaves, and
// than are sent in a second.
func (r *redrive) room() int {
	n := maxEntries
	if r.Limit > 0 {
		n = min(n, r.Limit-r.report.Sent)
	}
	if r.Rate > 0 {
		n = min(n, max(1, int(r.Rate)))
	}
	return n
}

// pace waits until the rate allows more. No letter is held meanwhile that will
// be sent.
func (r *redrive) pace(ctx context.Context) error {
	if r.Rate == 0 || r.DryRun {
		return nil
	}
	due := r.begin.Add(time.Duration(float64(r.report.Sent) / r.Rate * float64(time.Second)))
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// choose sorts out what is not to be redriven: it is held until the end.
func (r *redrive) choose(letters []*Letter) []*Letter {
	var chosen []*Letter
	for _, l := range letters {
		switch {
		case l.RedriveID == r.ID:
			r.report.Later++
			r.report.Returned++
		case l.SentAt.After(r.report.From.At):
			r.report.Later++
		case !r.Filter.Match(l):
			r.report.Skipped++
		case r.MaxRedrives > 0 && l.Redrives >= r.MaxRedrives:
			r.report.Exhausted++
		default:
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// take sends the letters and deletes those that are confirmed. An interrupt
// waits for both: in between, nobody would know what was sent.
func (r *redrive) take(ctx context.Context, letters []*Letter) error {
	if r.DryRun {
		for _, l := range letters {
			r.found.add(l)
		}
		r.report.Sent += len(letters)
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	for len(letters) > 0 {
		p := r.parcel(letters)
		letters = letters[len(p):]
		if err := r.send(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *redrive) tell() {
	if r.Progress != nil {
		r.Progress(progress(r.report.Sent, r.report.From.Waiting-r.report.Skipped-r.report.Exhausted, r.Limit))
	}
}

// startSpan starts the span of the whole redrive. Its children, one for each
// call, have the links: a span holds 128 at most.
func (r *redrive) startSpan(ctx context.Context) context.Context {
	ctx, _ = r.tracer().Start(ctx, "redrive "+r.report.From.Name, trace.WithAttributes(r.attributes()...)) //nolint:spancheck // endSpan ends it
	return ctx
}

func (r *redrive) endSpan(ctx context.Context, err error) {
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(sentKey.Int(r.report.Sent), failedKey.Int(r.report.Failed), leftKey.Int(r.report.Left))
	if err != nil {
		span.SetStatus(codes.Error, "the redrive ended early")
	}
	span.End()
}
