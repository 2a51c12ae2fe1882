package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Config says what a Notifier works with.
type Config struct {
	// Pipeline has the routing, and what links are made from. Required.
	Pipeline *pipeline.Pipeline

	// AWS is what its clients are made from.
	AWS aws.Config

	// SlackURL is the address of Slack's Web API. Defaults to
	// https://slack.com/api.
	SlackURL string

	// PagerDutyURL is where events go. Defaults to
	// https://events.pagerduty.com/v2/enqueue; accounts in Europe have
	// https://events.eu.pagerduty.com/v2/enqueue.
	PagerDutyURL string

	// NoCases leaves the logs alone: messages tell neither the running version
	// nor failing requests. Defaults to false.
	NoCases bool

	// Pause is the time before a second attempt to send; it doubles with each
	// further one, up to 8 s. Defaults to 500 ms.
	Pause time.Duration

	// TracerProvider makes the spans. Defaults to OpenTelemetry's global one.
	TracerProvider trace.TracerProvider

	// Logger takes what was told and what went wrong. Defaults to
	// [slog.Default].
	Logger *slog.Logger

	// Now is the clock. Defaults to [time.Now].
	Now func() time.Time
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	c.SlackURL = strings.TrimSuffix(orElse(c.SlackURL, "https://slack.com/api"), "/")
	c.PagerDutyURL = orElse(c.PagerDutyURL, "https://events.pagerduty.com/v2/enqueue")
	if c.Pause <= 0 {
		c.Pause = 500 * time.Millisecond
	}
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	var errs []error
	if c.Pipeline == nil {
		errs = append(errs, errors.New("pipeline: want a description"))
	}
	if c.SlackURL != "" && !isAddress(c.SlackURL) {
		errs = append(errs, fmt.Errorf("address of Slack %q: want one such as https://slack.com/api", c.SlackURL))
	}
	if c.PagerDutyURL != "" && !isAddress(c.PagerDutyURL) {
		errs = append(errs, fmt.Errorf("address of PagerDuty %q: want one such as https://events.pagerduty.com/v2/enqueue", c.PagerDutyURL))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("notify: configuration: %w", err)
	}
	return nil
}

// Notifier tells people of alarms. Make one with [New]. It may be used by
// several goroutines.
type Notifier struct {
	cfg Config

	client     *http.Client
	tracer     trace.Tracer
	secrets    *secrets
	memory     *memory
	cloudwatch *cloudwatch.Client
	logs       *cloudwatchlogs.Client
	senders    map[string]sender

	turnPause, casesPoll time.Duration // how often to ask; tests have no time
}

// sender tells a kind of destination. t is what the destination knows of the
// incident, which the sender brings up to date.
type sender interface {
	firing(ctx context.Context, d pipeline.Destination, c credential, m message, t *told) error
	over(ctx context.Context, d pipeline.Destination, c credential, m message, t *told) error
}

// New returns a notifier. It calls nobody.
func New(c Config) (*Notifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	client := newHTTPClient()
	return &Notifier{
		cfg: c, client: client,
		tracer:     c.TracerProvider.Tracer("github.com/tracehaul/tracehaul/alarms/notify"),
		secrets:    &secrets{client: secretsmanager.NewFromConfig(c.AWS), now: c.Now, pause: c.Pause},
		memory:     &memory{client: dynamodb.NewFromConfig(c.AWS), table: c.Pipeline.NotifierTableName(), now: c.Now},
		cloudwatch: cloudwatch.NewFromConfig(c.AWS),
		logs:       cloudwatchlogs.NewFromConfig(c.AWS),
		turnPause:  defaultTurnPause, casesPoll: defaultCasesPoll,
		senders: map[string]sender{
			"slack":      &slack{client: client, url: c.SlackURL, pause: c.Pause},
			"pagerduty":  &pagerDuty{client: client, url: c.PagerDutyURL, pause: c.Pause, logger: c.Logger},
			"incidentio": &incidentIO{client: client, pause: c.Pause},
		},
	}, nil
}

// Handle tells everybody of the alarms in an event. With an error, some
// destination was not told, or a message was not that of an alarm: the event is
// to be delivered again and, if it keeps failing, to end up in a dead-letter
// queue. Nobody is told twice then.
func (n *Notifier) Handle(ctx context.Context, e events.SNSEvent) error {
	var errs []error
	for _, r := range e.Records {
		if err := n.notice(ctx, r.SNS); err != nil {
			errs = append(errs, fmt.Errorf("message %s: %w", r.SNS.MessageID, err))
		}
	}
	if len(e.Records) == 0 {
		errs = append(errs, errors.New("the event is not one of SNS: want records"))
	}
	return errors.Join(errs...)
}

// notice is one message on its way to its destinations.
func (n *Notifier) notice(ctx context.Context, s events.SNSEntity) error {
	note, err := ParseNotification(s.Message)
	if err != nil {
		return err
	}
	severity, err := n.severity(s.TopicArn, note.Description)
	if err != nil {
		return err
	}
	if note.Name == n.cfg.Pipeline.AlarmName(alarms.KeyHeartbeat) {
		n.heartbeat(ctx, note, severity)
		return nil
	}
	d := &delivery{
		Notifier: n, note: note, severity: severity, id: s.MessageID, at: s.Timestamp,
		owner: orElse(note.Description.Owner, n.cfg.Pipeline.Owner),
	}
	if d.at.IsZero() {
		d.at = n.cfg.Now()
	}
	if d.note.Changed.IsZero() {
		d.note.Changed = d.at.UTC()
	}
	if d.id == "" { // it would share its mark with all others of this kind
		return errors.New("the message has no id")
	}
	return d.run(ctx)
}

// severity is that of the topic. An alarm on a topic of another name has that
// of its description.
func (n *Notifier) severity(topicARN string, d Description) (string, error) {
	topic := topicARN[strings.LastIndexByte(topicARN, ':')+1:]
	for _, s := range pipeline.Severities() {
		if strings.HasSuffix(topic, "-alarms-"+s) {
			return s, nil
		}
	}
	if d.Severity != "" {
		return d.Severity, nil
	}
	return "", fmt.Errorf("topic %q: want %s, or a severity in the description of the alarm",
		shorten(topic, 256), n.cfg.Pipeline.AlarmTopicName("SEVERITY"))
}
