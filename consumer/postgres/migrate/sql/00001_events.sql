-- +goose Up

-- One row for each event, by CloudEvents' own notion of identity: source and
-- id. Both compare byte by byte (COLLATE "C"): that is what the consumer sorts
-- by, and such an index survives an upgrade of the system's locales.
CREATE TABLE events (
    source            text COLLATE "C" NOT NULL,
    id                text COLLATE "C" NOT NULL,
    type              text NOT NULL,
    subject           text,
    time              timestamptz,
    data_content_type text,
    data_schema       text,
    data              jsonb,
    data_bytes        bytea,
    extensions        jsonb,
    trace_id          text COLLATE "C",
    span_id           text COLLATE "C",
    alb_root          text COLLATE "C",
    sns_message_id    text,
    sqs_message_id    text,
    receive_count     integer,
    accepted_at       timestamptz,
    sent_at           timestamptz,
    received_at       timestamptz,
    written_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT events_pkey PRIMARY KEY (source, id),
    CONSTRAINT events_one_kind_of_data CHECK (data IS NULL OR data_bytes IS NULL)
);

-- From a trace to its rows.
CREATE INDEX events_trace_id ON events (trace_id);

-- What was written when, and the latest rows.
CREATE INDEX events_written_at ON events (written_at);

COMMENT ON TABLE events IS 'Events of the pipeline, each once, with the trace that brought it here';
COMMENT ON COLUMN events.time IS 'When it happened, as the producer says';
COMMENT ON COLUMN events.data IS 'The data of an event as JSON; JSON null is data, NULL is none';
COMMENT ON COLUMN events.data_bytes IS 'The data of an event that came as data_base64, decoded';
COMMENT ON COLUMN events.extensions IS 'The CloudEvents extension attributes as an object';
COMMENT ON COLUMN events.trace_id IS 'The trace the event came in: 32 hexadecimal digits';
COMMENT ON COLUMN events.span_id IS 'The span that processed the message: 16 hexadecimal digits';
COMMENT ON COLUMN events.alb_root IS 'Root of X-Amzn-Trace-Id: the trace_id field of the load balancer''s access log';
COMMENT ON COLUMN events.sns_message_id IS 'The id that SNS gave; not passed on with raw message delivery';
COMMENT ON COLUMN events.receive_count IS 'How often SQS had delivered the message, this time included';
COMMENT ON COLUMN events.accepted_at IS 'When the service accepted it, by the clock of the service';
COMMENT ON COLUMN events.sent_at IS 'When SQS got it, by the clock of SQS';
COMMENT ON COLUMN events.received_at IS 'When the consumer was handed it, by the clock of the consumer';
COMMENT ON COLUMN events.written_at IS 'When the row was inserted, by the clock of the database';
