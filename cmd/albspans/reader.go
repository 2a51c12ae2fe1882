package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// reader reads files of the access log.
type reader struct {
	s3       *s3.Client
	recorder *albspan.Recorder
	delivery delivery
	lines    metric.Int64Counter
	faulty   metric.Int64Counter
	others   metric.Int64Counter // files
	logger   *slog.Logger
}

// maxTold is how many bad lines of a file are told of; all are counted.
const maxTold = 10

// errNoLine is of a file that is no access log, or of one that is written in a
// way that nobody knows yet.
var errNoLine = errors.New("no line of it could be read")

// newReader returns a reader whose spans go through balancer, and whose own
// metrics and log lines through own.
func newReader(client *s3.Client, balancer delivery, own *telemetry.Telemetry) (*reader, error) {
	r := &reader{
		s3: client, recorder: albspan.NewRecorder(balancer.TracerProvider()), delivery: balancer, logger: own.Logger(),
	}
	meter := own.MeterProvider().Meter("github.com/tracehaul/tracehaul/cmd/albspans")
	for _, c := range []struct {
		to                *metric.Int64Counter
		name, unit, means string
	}{
		{&r.lines, semconv.MetricALBLines, semconv.UnitLines, "Lines of the load balancer's access log, by what became of them."},
		{&r.faulty, semconv.MetricALBFaultyLines, semconv.UnitLines, "Those of the lines that could be read in part alone."},
		{&r.others, semconv.MetricALBOtherFiles, semconv.UnitFiles, "Files that are none of the access log's, by their kind."},
	} {
		var err error
		if *c.to, err = meter.Int64Counter(c.name, metric.WithUnit(c.unit), metric.WithDescription(c.means)); err != nil {
			return nil, fmt.Errorf("make instrument %s: %w", c.name, err)
		}
	}
	return r, nil
}

// handle reads all files of an event. One that fails does not keep the others
// from being read.
func (r *reader) handle(ctx context.Context, e events.S3Event) error {
	var errs []error
	for i := range e.Records {
		record := &e.Records[i]
		if !strings.HasPrefix(record.EventName, "ObjectCreated:") {
			r.logger.WarnContext(ctx, "not a new file", slog.String("event", record.EventName))
			continue
		}
		key := record.S3.Object.URLDecodedKey
		if kind, is := otherFile(key); is {
			r.others.Add(ctx, 1, metric.WithAttributes(semconv.ALBFileKindKey.String(kind)))
			r.logger.DebugContext(ctx, "not of the access log", slog.String("key", key), slog.String("kind", kind))
			continue
		}
		c, err := r.object(ctx, record.S3.Bucket.Name, key)
		r.count(ctx, c)
		attrs := []slog.Attr{
			slog.String("key", key), slog.Int64(semconv.LogKeySpans, c.spans), slog.Int64(semconv.LogKeyUnsampled, c.unsampled),
			slog.Int64(semconv.LogKeyBad, c.bad), slog.Int64(semconv.LogKeyFaulty, c.faulty),
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("file %s: %w", key, err))
			r.logger.LogAttrs(ctx, slog.LevelError, semconv.LogAccessLogUnread, append(attrs, slog.String("error", err.Error()))...)
			continue
		}
		r.logger.LogAttrs(ctx, slog.LevelInfo, semconv.LogAccessLogRead, attrs...)
	}
	return errors.Join(errs...)
}

// counts are what became of a file's lines. Those that are faulty are spans, or
// not sampled, as well.
type counts struct{ spans, unsampled, bad, faulty int64 }

func (r *reader) count(ctx context.Context, c counts) {
	if c.faulty > 0 {
		r.faulty.Add(ctx, c.faulty)
	}
	for outcome, n := range map[string]int64{
		semconv.OutcomeALBSpan: c.spans, semconv.OutcomeALBUnsampled: c.unsampled, semconv.OutcomeALBBad: c.bad,
	} {
		if n > 0 {
			r.lines.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(semconv.OutcomeKey.String(outcome))))
		}
	}
}

// object reads one file, as it comes, and has its spans delivered.
func (r *reader) object(ctx context.Context, bucket, key string) (c counts, err error) {
	out, err := r.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return c, err
	}
	defer func() { _ = out.Body.Close() }() // it was only read
	if err := r.delivery.begin(ctx); err != nil {
		return c, err
	}
	c, err = r.read(ctx, key, out.Body)
	if errors.Is(err, errNotDelivered) { // another try at once would take as long
		return c, err
	}
	return c, errors.Join(err, r.delivery.deliver(ctx))
}

func (r *reader) read(ctx context.Context, key string, body io.Reader) (c counts, err error) {
	log, err := alblog.NewReader(body)
	if err != nil {
		return c, err
	}
	var e alblog.Entry
	for {
		err := log.Next(&e)
		switch bad, isLine := errors.AsType[*alblog.LineError](err); {
		case isLine:
			if c.bad++; c.bad <= maxTold {
				r.logger.LogAttrs(ctx, slog.LevelWarn, semconv.LogAccessLogBadLine, slog.String("key", key), slog.String("error", bad.Error()))
			}
			continue
		case errors.Is(err, io.EOF):
			if c.bad > 0 && c.spans+c.unsampled == 0 {
				return c, errNoLine
			}
			return c, nil
		case err != nil:
			return c, err
		}
		if e.Faulty != "" {
			c.faulty++
		}
		if !r.recorder.Record(&e) {
			c.unsampled++
			continue
		}
		if c.spans++; c.spans%r.delivery.every == 0 {
			if err := r.delivery.deliver(ctx); err != nil {
				return c, err
			}
		}
	}
}
