//go:build unix

package localpipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/internal/localcloud/bucket"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
)

// logDelay is how long lines of the access log are gathered for one file. A
// load balancer does so for five minutes, but here a person waits.
const logDelay = 100 * time.Millisecond

// logTimeout is the function's timeout in AWS, and so the longest that a stop
// waits for it.
const logTimeout = 900 * time.Second

// accessLog writes the balancer's lines into files in a bucket, of which it
// tells the function that makes spans of them.
type accessLog struct {
	store    *bucket.Store
	function *lambda.Function
	bucket   string
	region   string
	logger   *slog.Logger

	mu    sync.Mutex
	lines bytes.Buffer
	lost  int // lines that did not fit since the last telling
	files int

	stop chan struct{}
	done chan struct{}
}

// startAccessLog starts the bucket and the function on it, if there is one.
func (l *Local) startAccessLog(ctx context.Context) error {
	if !l.hasALBSpans() {
		return nil
	}
	store := bucket.New(bucket.Config{})
	address, err := l.serve(ctx, 0, store, 0)
	if err != nil {
		return err
	}
	p := l.cfg.Pipeline
	function, err := lambda.New(lambda.Config{
		Name: p.ALBSpansName(), Binary: l.cfg.ALBSpans, Env: l.albspansVariables(address), Timeout: logTimeout, MemoryMB: 512, Region: p.Region,
		Output: func(line lambda.Line) { l.cfg.Output("albspans", line.Text) },
	})
	if err != nil {
		return err
	}
	l.accessLog = &accessLog{
		store: store, function: function, logger: l.cfg.Logger,
		bucket: p.AccessLogPrefix() + "-" + account, region: p.Region,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go l.accessLog.run()
	l.onStop(func(context.Context) error {
		close(l.accessLog.stop)
		<-l.accessLog.done
		return function.Close()
	})
	return nil
}

// account is the one that the local cloud has.
const account = "000000000000"

func (l *Local) hasALBSpans() bool { return l.cfg.ALBSpans != "" && l.cfg.Pipeline.Edge.ALBSpans }

// Write takes lines of the access log. The balancer does not wait for what
// becomes of them; there are no more than fit.
func (a *accessLog) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lines.Len()+len(b) > maxLogBytes {
		a.lost += bytes.Count(b, []byte("\n"))
		return 0, errLogFull
	}
	return a.lines.Write(b)
}

// maxLogBytes bounds the lines that wait for the function.
const maxLogBytes = 16 << 20

var errLogFull = errors.New("too many lines of the access log wait")

// key is the name of a file. ("Access log files", Application Load Balancers
// guide.)
func (a *accessLog) key(now time.Time) string {
	return fmt.Sprintf("AWSLogs/%[1]s/elasticloadbalancing/%[2]s/%[3]s/%[1]s_elasticloadbalancing_%[2]s_app.local.50dc6c495c0c9188_%[4]s_127.0.0.1_%08[5]d.log.gz",
		account, a.region, now.Format("2006/01/02"), now.Format("20060102T1504Z"), a.files)
}

// run writes a file whenever there are lines, and the last when it is stopped.
func (a *accessLog) run() {
	defer close(a.done)
	tick := time.NewTicker(logDelay)
	defer tick.Stop()
	for stopping := false; !stopping; {
		select {
		case <-tick.C:
		case <-a.stop:
			stopping = true
		}
		a.tellLost()
		if err := a.file(time.Now().UTC()); err != nil {
			a.logger.Warn("the access log was not made into spans", slog.String("error", err.Error()))
		}
	}
}

// tellLost tells of lines that became no spans, since nobody had room for them.
func (a *accessLog) tellLost() {
	a.mu.Lock()
	lost := a.lost
	a.lost = 0
	a.mu.Unlock()
	if lost > 0 {
		a.logger.Warn("lines of the access log were dropped", slog.Int("lines", lost), slog.String("error", errLogFull.Error()))
	}
}

// file puts the lines that there are into a file, and invokes the function as
// S3 does. Like Lambda with an asynchronous invocation it tries three times in
// all, but at once ("Asynchronous invocation", AWS Lambda developer guide).
func (a *accessLog) file(now time.Time) error {
	a.mu.Lock()
	lines := bytes.Clone(a.lines.Bytes())
	a.lines.Reset()
	a.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(lines); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	a.files++
	key := a.key(now)
	a.store.Put(a.bucket, key, zipped.Bytes())
	payload, err := json.Marshal(events.S3Event{Records: []events.S3EventRecord{{
		EventSource: "aws:s3", EventName: "ObjectCreated:Put", EventTime: now,
		S3: events.S3Entity{Bucket: events.S3Bucket{Name: a.bucket}, Object: events.S3Object{Key: key, Size: int64(zipped.Len())}},
	}}})
	if err != nil {
		return err
	}
	for range 3 {
		if _, err = a.function.Invoke(context.Background(), payload); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", key, err)
}
