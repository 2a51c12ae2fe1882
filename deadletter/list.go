package deadletter

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// Progress is how far something is. Total is what SQS thinks there is, or the
// limit if that is less.
type Progress struct{ Done, Total int }

// progress is that of so many letters of about total, of which limit are wanted; 0
// is no limit.
func progress(done, total, limit int) Progress {
	if limit > 0 {
		total = min(total, limit)
	}
	return Progress{done, max(done, total)}
}

// Listing says what is in a queue.
type Listing struct {
	Queue   Info
	Seen    int // letters that were read
	Matched int // of those the filter chose so many
	Groups  []Group
}

// Unseen is how many letters were probably not read: SQS counts approximately.
func (l Listing) Unseen() int {
	return max(0, l.Queue.Waiting+l.Queue.Hidden+l.Queue.Delayed-l.Seen)
}

// Group is letters of one cause.
type Group struct {
	Reason, Code             string
	Count                    int
	Oldest, Newest           time.Time // by SentAt
	MinReceives, MaxReceives int       // ours included
	MaxRedrives              int
	Example                  Example
}

// Example is one letter of a group, the oldest.
type Example struct{ MessageID, EventSource, EventID, EventType, TraceID string }

// groups collects letters by their cause, without keeping them.
type groups map[[2]string]*Group

func (g groups) add(l *Letter) {
	key := [2]string{l.Reason, l.Code}
	group := g[key]
	if group == nil {
		group = &Group{Reason: l.Reason, Code: l.Code, MinReceives: l.ReceiveCount, Newest: l.SentAt}
		g[key] = group
	}
	if group.Count == 0 || l.SentAt.Before(group.Oldest) {
		group.Oldest = l.SentAt
		group.Example = Example{l.MessageID, l.Event.Source, l.Event.ID, l.Event.Type, l.TraceID}
	}
	if l.SentAt.After(group.Newest) {
		group.Newest = l.SentAt
	}
	group.Count++
	group.MinReceives = min(group.MinReceives, l.ReceiveCount)
	group.MaxReceives = max(group.MaxReceives, l.ReceiveCount)
	group.MaxRedrives = max(group.MaxRedrives, l.Redrives)
}

// sorted are the groups, the largest first.
func (g groups) sorted() []Group {
	list := make([]Group, 0, len(g))
	for _, group := range g {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Code, b.Code))
	})
	return list
}

// List reads at most limit letters, 0 for all, and groups those that the filter
// chooses by cause. If it ends early, what it has seen comes with the error.
// tell may be nil.
func (q *Queue) List(ctx context.Context, f Filter, limit int, tell func(Progress)) (Listing, error) {
	listing := Listing{Queue: q.info}
	found := groups{}
	err := q.Each(ctx, limit, tell, func(l *Letter) bool {
		listing.Seen++
		if f.Match(l) {
			listing.Matched++
			found.add(l)
		}
		return true
	})
	listing.Groups = found.sorted()
	return listing, err
}

// Each reads at most limit letters, 0 for all, up to Config.MaxHeld, and calls
// do for each until it returns false. In the end it gives all of them back.
func (q *Queue) Each(ctx context.Context, limit int, tell func(Progress), do func(*Letter) bool) (err error) {
	if limit <= 0 || limit > q.cfg.MaxHeld {
		limit = q.cfg.MaxHeld
	}
	r := q.reader()
	defer func() { err = errors.Join(err, r.giveBack(ctx)) }()
	for r.seen < limit {
		letters, err := r.next(ctx, limit-r.seen)
		if err != nil || len(letters) == 0 {
			return err
		}
		for _, l := range letters {
			if !do(l) {
				return nil
			}
		}
		if tell != nil {
			tell(progress(r.seen, q.info.Waiting, limit))
		}
	}
	return nil
}
