package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const applyEvents = "apply iac/terraform/events"

var topicChecks = []Check{
	{
		ID: "subscription", Hop: signal.HopTopic, local: true, needs: []string{needSNS}, Page: "docs/runbooks/topic.md",
		What: "each consumer's queue is subscribed to the topic: without, its messages are in no queue and nobody is told",
		look: lookSubscriptions,
	},
	{
		ID: "raw-delivery", Hop: signal.HopTopic, local: true, needs: []string{needSNS}, Page: "docs/doctor.md#raw-delivery",
		What: "raw message delivery is that of the description. Raw, attributes stay message attributes, where SQS and Lambda show them; in SNS's envelope they are in the body, which this consumer reads too, and others may not. Raw, a message with more than 10 attributes is discarded",
		look: eachSubscription(func(_ *exam, c *pipeline.Consumer, s *subscription) Finding {
			return compare(c.QueueName(), "RawMessageDelivery", orFalse(s.attributes["RawMessageDelivery"]), strconv.FormatBool(c.RawDelivery), applyEvents)
		}),
	},
	{
		ID: "filter", Hop: signal.HopTopic, local: true, needs: []string{needSNS}, Page: "docs/pipeline.md",
		What: "the filter policy is that of the description: what it does not select is in no queue, and counts as no failure",
		look: eachSubscription(filterOf),
	},
	{
		ID: "subscription-dead-letters", Hop: signal.HopTopic, local: true, needs: []string{needSNS}, Page: "docs/runbooks/sns-events-lost.md",
		What: "what SNS cannot put into the queue goes to the queue of the subscription: without one it is lost",
		look: eachSubscription(func(_ *exam, c *pipeline.Consumer, s *subscription) Finding {
			return compare(c.QueueName(), "the dead-letter queue of the subscription", nameOf(targetOf(s.attributes["RedrivePolicy"])), c.UndeliveredName(), applyEvents)
		}),
	},
}

// subscription is one of the topic.
type subscription struct {
	arn, protocol, endpoint string
	attributes              map[string]string
}

// pending is what SNS has in place of the ARN of a subscription that nobody has
// confirmed.
const pending = "PendingConfirmation"

func orFalse(s string) string {
	if s == "" {
		return "false"
	}
	return strings.ToLower(s)
}

// lookSubscriptions looks whether there are any.
func lookSubscriptions(ctx context.Context, e *exam) (findings []Finding, err error) {
	for c := range e.consumers() {
		s, err := e.subscriptionOf(ctx, c)
		if err != nil {
			return findings, err
		}
		if s == nil {
			findings = append(findings, Finding{
				Verdict: Fault, Subject: c.QueueName(), Found: "not subscribed to " + e.pipeline.TopicName(), Want: "a confirmed subscription", Mend: applyEvents,
			})
			continue
		}
		findings = append(findings, good(c.QueueName(), "subscribed"))
	}
	return findings, nil
}

// eachSubscription looks at the subscription of every consumer that has one.
func eachSubscription(look func(*exam, *pipeline.Consumer, *subscription) Finding) func(context.Context, *exam) ([]Finding, error) {
	return func(ctx context.Context, e *exam) (findings []Finding, err error) {
		for c := range e.consumers() {
			s, err := e.subscriptionOf(ctx, c)
			if err != nil {
				return findings, err
			}
			if s != nil {
				findings = append(findings, look(e, c, s))
			}
		}
		return findings, nil
	}
}

// consumers are those that are there: the local pipeline has those with the
// reference sink.
func (e *exam) consumers() func(func(*pipeline.Consumer) bool) {
	return func(yield func(*pipeline.Consumer) bool) {
		for i := range e.pipeline.Consumers {
			if c := &e.pipeline.Consumers[i]; (!e.Local || c.Sink == "postgres") && !yield(c) {
				return
			}
		}
	}
}

// subscriptionOf is that of a consumer's queue, or nil.
func (e *exam) subscriptionOf(ctx context.Context, c *pipeline.Consumer) (*subscription, error) {
	topic, err := e.topic(ctx, e.pipeline.TopicName())
	if err != nil {
		return nil, err
	}
	all, err := e.subscriptions(ctx, topic)
	if err != nil {
		return nil, err
	}
	for i := range all {
		s := &all[i]
		if s.protocol != "sqs" || nameOf(s.endpoint) != c.QueueName() || !strings.HasPrefix(s.arn, "arn:") {
			continue
		}
		s.attributes, err = remember(e, "subscription "+s.arn, func() (map[string]string, error) {
			out, err := e.Clients.SNS.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &s.arn})
			if err != nil {
				return nil, err
			}
			return out.Attributes, nil
		})
		return s, err
	}
	return nil, nil //nolint:nilnil // there is none
}

// subscriptions are all of a topic; of one that is not there, none.
func (e *exam) subscriptions(ctx context.Context, topic string) ([]subscription, error) {
	return remember(e, "subscriptions of "+topic, func() (all []subscription, err error) {
		for pages := sns.NewListSubscriptionsByTopicPaginator(e.Clients.SNS, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if notFound := (*snstypes.NotFoundException)(nil); errors.As(err, &notFound) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			for _, s := range page.Subscriptions {
				all = append(all, subscription{arn: aws.ToString(s.SubscriptionArn), protocol: aws.ToString(s.Protocol), endpoint: aws.ToString(s.Endpoint)})
			}
		}
		return all, nil
	})
}

// topic is the ARN of a topic of the description: SNS finds none by its name.
func (e *exam) topic(ctx context.Context, name string) (string, error) {
	if e.TopicARN != "" && name == e.pipeline.TopicName() {
		return e.TopicARN, nil
	}
	account, err := e.account(ctx)
	if err != nil {
		return "", err
	}
	return "arn:" + account.Partition + ":sns:" + e.pipeline.Region + ":" + account.AccountID + ":" + name, nil
}

// account is where everything is: that of the topic or of the credentials.
func (e *exam) account(ctx context.Context) (arn.ARN, error) {
	if e.TopicARN != "" {
		return arn.Parse(e.TopicARN)
	}
	return remember(e, "account", func() (arn.ARN, error) {
		if e.Clients.STS == nil {
			return arn.ARN{}, errors.New("the ARN of the topic is not given")
		}
		out, err := e.Clients.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return arn.ARN{}, err
		}
		return arn.Parse(aws.ToString(out.Arn))
	})
}

// nameOf is the end of an ARN.
func nameOf(a string) string { return a[strings.LastIndexByte(a, ':')+1:] }

// targetOf is the ARN in a redrive policy, or nothing.
func targetOf(policy string) string {
	var p struct {
		Target string `json:"deadLetterTargetArn"`
	}
	_ = json.Unmarshal([]byte(policy), &p) // what is no policy names no target
	return p.Target
}

// filterOf compares the filter policy as JSON, and its scope.
func filterOf(e *exam, c *pipeline.Consumer, s *subscription) Finding {
	want := c.FilterPolicy
	if e.Local { // which has none: see package localpipeline
		want = nil
	}
	text, scope := s.attributes["FilterPolicy"], s.attributes["FilterPolicyScope"]
	if text == "" && len(want) == 0 {
		return good(c.QueueName(), "no filter, as described")
	}
	wanted, _ := json.Marshal(want) // it came from YAML
	if len(want) == 0 {
		return Finding{Verdict: Fault, Subject: c.QueueName(), Found: "the filter policy is " + text, Want: "none", Mend: applyEvents}
	}
	var has, wants any
	_ = json.Unmarshal([]byte(text), &has)
	_ = json.Unmarshal(wanted, &wants)
	if !reflect.DeepEqual(has, wants) {
		return Finding{Verdict: Fault, Subject: c.QueueName(), Found: "the filter policy is " + orNothing(text), Want: string(wanted), Mend: applyEvents}
	}
	wantScope := map[string]string{"attributes": "MessageAttributes", "body": "MessageBody"}[c.FilterScope]
	if scope == "" {
		scope = "MessageAttributes"
	}
	return compare(c.QueueName(), "the scope of the filter policy", scope, wantScope, applyEvents)
}
