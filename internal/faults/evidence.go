//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// row is a row of the table.
type row struct {
	key                                       key
	sum                                       string // of the data as they are stored
	traceID, spanID                           string
	receiveCount                              int
	about                                     about
	isJSON                                    bool // the data
	albRoot, snsID, sqsID                     string
	acceptedAt, sentAt, receivedAt, writtenAt time.Time
}

// dead is a message in a dead-letter queue.
type dead struct {
	queue, messageID, body string
	attributes             map[string]string
}

// evidence is what is found when nothing moves any more.
type evidence struct {
	rows    []row
	inserts map[key]int // how often a row was inserted, as a trigger has counted
	letters []dead
	spans   func(traceID string) []trace.Span
}

// audit counts inserts where nothing that happens to the rows changes it.
const audit = `
CREATE TABLE audit (source text, id text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO audit VALUES (NEW.source, NEW.id); RETURN NULL; END $$;
CREATE TRIGGER audit AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION audit()`

// readRows reads all rows and the audit.
func readRows(ctx context.Context, pool *pgxpool.Pool, ev *evidence) error {
	found, err := pool.Query(ctx, `
		SELECT source, id, coalesce(convert_to(data::text, 'UTF8'), data_bytes), coalesce(trace_id, ''), coalesce(span_id, ''), coalesce(receive_count, 0),
			coalesce(accepted_at, 'epoch'), coalesce(sent_at, 'epoch'), coalesce(received_at, 'epoch'), written_at,
			type, coalesce(subject, ''), coalesce(data_content_type, ''), coalesce(data_schema, ''), coalesce(time, 'epoch'), coalesce(extensions::text, ''),
			data IS NOT NULL, coalesce(alb_root, ''), coalesce(sns_message_id, ''), coalesce(sqs_message_id, '')
		FROM events ORDER BY written_at, source, id`)
	if err != nil {
		return fmt.Errorf("read the rows: %w", err)
	}
	if ev.rows, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (out row, err error) {
		var data []byte
		err = r.Scan(&out.key.Source, &out.key.ID, &data, &out.traceID, &out.spanID, &out.receiveCount,
			&out.acceptedAt, &out.sentAt, &out.receivedAt, &out.writtenAt,
			&out.about.Type, &out.about.Subject, &out.about.ContentType, &out.about.Schema, &out.about.Time, &out.about.Extensions,
			&out.isJSON, &out.albRoot, &out.snsID, &out.sqsID)
		out.sum = sumOf(data)
		return out, err
	}); err != nil {
		return fmt.Errorf("read the rows: %w", err)
	}
	counted, err := pool.Query(ctx, "SELECT source, id, count(*) FROM audit GROUP BY source, id")
	if err != nil {
		return fmt.Errorf("read the audit: %w", err)
	}
	ev.inserts = map[key]int{}
	var k key
	var n int
	_, err = pgx.ForEachRow(counted, []any{&k.Source, &k.ID, &n}, func() error {
		ev.inserts[k] = n
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the audit: %w", err)
	}
	return nil
}

// mostLetters is more than any scenario sends.
const mostLetters = 1 << 20

// readLetters reads all messages of dead-letter queues.
func readLetters(b *messaging.Broker, queues []string, ev *evidence) error {
	for _, queue := range queues {
		messages, err := b.Messages(queue, mostLetters)
		if err != nil {
			return fmt.Errorf("read %s: %w", queue, err)
		}
		for _, m := range messages {
			d := dead{queue: queue, messageID: m.MessageID, body: m.Body, attributes: map[string]string{}}
			for name, a := range m.Attributes {
				d.attributes[name] = a.Value
			}
			ev.letters = append(ev.letters, d)
		}
	}
	return nil
}

// opened is a message as the consumer reads it: out of its SNS envelope, if it
// has one.
type opened struct {
	text       string
	key        key // empty if it holds no event
	data       []byte
	attributes map[string]string
}

func (d dead) open() opened {
	o := opened{text: d.body, attributes: maps.Clone(d.attributes)}
	var envelope struct {
		Type, Message     string
		MessageAttributes map[string]struct{ Value string }
	}
	if json.Unmarshal([]byte(d.body), &envelope) == nil && envelope.Type == "Notification" {
		o.text = envelope.Message
		for name, a := range envelope.MessageAttributes {
			o.attributes[name] = a.Value
		}
	}
	var event struct {
		Source, ID string
		Data       json.RawMessage
		Base64     []byte `json:"data_base64"`
	}
	if json.Unmarshal([]byte(o.text), &event) != nil {
		return o
	}
	o.key, o.data = key{event.Source, event.ID}, event.Data
	if o.data == nil {
		o.data = event.Base64
	}
	return o
}
