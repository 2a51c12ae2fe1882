//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/harness"
)

// books say of every event what became of it, by its number.
type books struct {
	answers []answer
	stored  []uint8 // in how many rows and dead-letter messages it is
	rows    int
	dead    int
	unasked []string // ids of what nobody has sent
}

// next is the number of the next event.
func (b *books) next() int { return len(b.answers) }

// enter enters a period. Its first number is the next one.
func (b *books) enter(p *period) { b.answers = append(b.answers, p.answers...) }

// store notes that an event is there.
func (b *books) store(id string) {
	n, err := numberOf(id)
	if err != nil || n < 0 || n >= len(b.answers) {
		b.unasked = append(b.unasked, id)
		return
	}
	b.stored[n]++
}

// account is what the books say in the end.
type account struct {
	events, accepted, rows, dead int
	lost, doubled, unasked       []string // ids
}

// close settles the books.
func (b *books) close() account {
	a := account{events: len(b.answers), rows: b.rows, dead: b.dead, unasked: b.unasked}
	for n, answer := range b.answers {
		if answer == accepted {
			a.accepted++
		}
		switch may, must := answer.stored(); {
		case b.stored[n] > 1:
			a.doubled = append(a.doubled, eventID(n))
		case b.stored[n] == 0 && must:
			a.lost = append(a.lost, eventID(n))
		case b.stored[n] > 0 && !may:
			a.unasked = append(a.unasked, eventID(n))
		}
	}
	return a
}

const (
	drainPoll  = 200 * time.Millisecond
	quietPolls = 3
)

// drain waits until the queue is empty and stays so.
func (s *stage) drain(ctx context.Context) error {
	for quiet := 0; quiet < quietPolls; {
		depth, err := s.pipeline.Broker().QueueDepth(s.consumer().QueueName())
		if err != nil {
			return err
		}
		if quiet++; depth.Visible+depth.InFlight+depth.Delayed > 0 {
			quiet = 0
		}
		if err := harness.Sleep(ctx, drainPoll); err != nil {
			return fmt.Errorf("%d messages are in the queue still: %w", depth.Visible+depth.InFlight+depth.Delayed, err)
		}
	}
	return nil
}

// deadLetters is how many of them are looked at.
const deadLetters = 1 << 20

// settle reads all rows and all dead-letter messages.
func (s *stage) settle(ctx context.Context, b *books) (account, error) {
	b.stored = make([]uint8, len(b.answers))
	rows, err := s.pool.Query(ctx, "SELECT id FROM events")
	if err != nil {
		return account{}, err
	}
	var id string
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error {
		b.rows++
		b.store(id)
		return nil
	}); err != nil {
		return account{}, fmt.Errorf("read the rows: %w", err)
	}
	for _, queue := range []string{s.consumer().DLQName(), s.consumer().UndeliveredName()} {
		messages, err := s.pipeline.Broker().Messages(queue, deadLetters)
		if err != nil {
			return account{}, err
		}
		for _, m := range messages {
			var event struct {
				ID string `json:"id"`
			}
			_ = json.Unmarshal([]byte(m.Body), &event) // what is none has no id, and was not asked for
			b.dead++
			b.store(event.ID)
		}
	}
	return b.close(), nil
}
