package messaging

import (
	"encoding/base64"
	"net/http"
	"time"
)

// parcel is one message for one subscription.
type parcel struct {
	*content
	to *subscription
	// tooMany attributes for a raw delivery.
	tooMany bool
}

// deliver takes publications to all subscriptions of a topic, and says of each
// what went wrong. AWS does it later, and retries for days where the queue
// fails (SNS guide, "Message delivery retries"); here it is done when Publish
// returns, and a queue without room fails the publication instead.
func (b *Broker) deliver(t *topic, publications []*publication) []*Error {
	published := time.Now()
	parcels := make([][]parcel, len(publications))
	for i, p := range publications {
		parcels[i] = p.pack(t, b.cfg.Region, published)
	}
	errs := make([]*Error, len(publications))
	now := b.lock()
	defer b.unlock(now)
	for i := range parcels {
		errs[i] = b.dispatch(parcels[i], now)
	}
	return errs
}

// pack makes what each subscription gets of a publication.
func (p *publication) pack(t *topic, region string, published time.Time) []parcel {
	parcels := make([]parcel, 0, len(t.subscriptions))
	raw := p.content
	if p.structured {
		// "Message attributes are sent only when the message structure is
		// String, not JSON" (SNS guide, "Message attributes").
		raw = p.derive(p.body)
	}
	for _, s := range t.subscriptions {
		if s.filter != nil && !s.filter.matches(p.attributes) {
			s.counters.filtered.Add(1)
			continue
		}
		// "Messages with more than 10 message attributes directed towards Raw
		// Message Delivery enabled Amazon SQS subscriptions will be discarded
		// as client side errors" (SNS guide, "Message attributes"). A
		// dead-letter queue gets the envelope, since no queue can hold them.
		tooMany := s.raw && len(raw.attributes) > maxAttributes
		c := raw
		if !s.raw || tooMany {
			c = p.derive(string(p.envelope(t.arn, s.arn, region, published)))
		}
		parcels = append(parcels, parcel{content: c, to: s, tooMany: tooMany})
	}
	return parcels
}

// derive makes another body travel with what SNS hands on besides attributes:
// the tracing header ("the topic passes through the tracing header it receives
// from an Amazon SNS publisher to its subscriptions", SNS API,
// SetTopicAttributes) and the message group (SNS API, Publish).
func (p *publication) derive(body string) *content {
	c := newContent(body, nil)
	c.traceHeader, c.groupID, c.senderID = p.traceHeader, p.groupID, p.senderID
	return c
}

// dispatch stores the parcels of one publication, all of them or, where the
// bounds of this process leave no room, none.
func (b *Broker) dispatch(parcels []parcel, now time.Time) *Error {
	targets := make([]*queue, len(parcels))
	total := 0
	for i, p := range parcels {
		targets[i] = b.destination(p)
		total += len(p.body)
	}
	for _, q := range targets {
		if q == nil {
			continue
		}
		q.advance(now)
		if full := q.room(len(parcels), total); full != nil {
			return &Error{Code: "Throttled", Message: full.Message, Status: http.StatusTooManyRequests, Receiver: true}
		}
	}
	for i, p := range parcels {
		p.count(targets[i])
		if q := targets[i]; q != nil {
			q.add(p.content, q.attrs.delay, now)
		}
	}
	return nil
}

// destination is the subscription's queue; its dead-letter queue if there is a
// client error, as a queue that is gone; or nil for a message that is
// discarded (SNS guide, "Dead-letter queues").
func (b *Broker) destination(p parcel) *queue {
	q := b.queues[p.to.queue]
	if q != nil && !p.tooMany && p.size <= q.attrs.maxMessageSize {
		return q
	}
	if p.to.deadLetterQueue == "" {
		return nil
	}
	return b.queues[p.to.deadLetterQueue]
}

func (p parcel) count(target *queue) {
	c := p.to.counters
	if target != nil && target.name == p.to.queue {
		c.delivered.Add(1)
		return
	}
	if p.tooMany {
		c.tooManyAttributes.Add(1)
	} else {
		c.undeliverable.Add(1)
	}
	if target != nil {
		c.deadLettered.Add(1)
	} else {
		c.discarded.Add(1)
	}
}

// envelope is the body of a delivery that is not raw (SNS guide, "Raw message
// delivery": examples; "Message and JSON formats"). Members and spacing are
// AWS's. The signature is none: it says so in Base64.
func (p *publication) envelope(topicARN, subscriptionARN, region string, published time.Time) []byte {
	endpoint := "https://sns." + region + ".amazonaws.com/"
	dst := make([]byte, 0, 1024+len(p.body)+len(p.body)/8)
	dst = append(dst, '{')
	member := func(name, value string) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, "\n  \""...)
		dst = append(dst, name...)
		dst = append(dst, "\" : "...)
		dst = appendJSONString(dst, value)
	}
	member("Type", "Notification")
	member("MessageId", p.id)
	member("TopicArn", topicARN)
	if p.subject != "" {
		member("Subject", p.subject)
	}
	member("Message", p.body)
	member("Timestamp", published.UTC().Format("2006-01-02T15:04:05.000Z"))
	member("SignatureVersion", "1")
	member("Signature", "bm90IHNpZ25lZDogbG9jYWwgYnJva2Vy")
	member("SigningCertURL", endpoint+"SimpleNotificationService-local.pem")
	member("UnsubscribeURL", endpoint+"?Action=Unsubscribe&SubscriptionArn="+subscriptionARN)
	if len(p.attributes) > 0 && !p.structured {
		dst = append(dst, ",\n  \"MessageAttributes\" : {"...)
		for i, a := range p.attributes {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, "\n    "...)
			dst = appendJSONString(dst, a.name)
			dst = append(dst, " : {"...)
			dst = appendJSONField(dst, "Type", a.dataType)
			value := a.value
			if a.binary() {
				value = base64.StdEncoding.EncodeToString([]byte(a.value))
			}
			dst = append(appendJSONField(dst, "Value", value), '}')
		}
		dst = append(dst, "\n  }"...)
	}
	return append(dst, "\n}"...)
}
