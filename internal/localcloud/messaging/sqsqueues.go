package messaging

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"
)

func (b *Broker) sqsCreateQueue(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if req.QueueName == "" {
		return nil, errMissing("QueueName")
	}
	if err := b.createQueue(req.QueueName, req.Attributes); err != nil {
		return nil, err
	}
	return b.appendQueueURL(dst, req), nil
}

func (b *Broker) sqsGetQueueURL(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if req.QueueName == "" {
		return nil, errMissing("QueueName")
	}
	named := &sqsRequest{queue: req.QueueName}
	if err := b.withQueue(named, func(*queue, time.Time) *Error { return nil }); err != nil {
		return nil, err
	}
	return b.appendQueueURL(dst, req), nil
}

func (b *Broker) appendQueueURL(dst []byte, req *sqsRequest) []byte {
	dst = append(dst, '{')
	dst = appendJSONField(dst, "QueueUrl", b.queueURL(b.endpointFor(req), req.QueueName))
	return append(dst, '}')
}

// endpointFor is the base of queue URLs that the client can reach.
func (b *Broker) endpointFor(req *sqsRequest) string {
	if b.cfg.SQSEndpoint != "" {
		return b.cfg.SQSEndpoint
	}
	return req.endpoint
}

// sqsListQueues lists by name. Only a request with MaxResults is paged (SQS
// API, ListQueues).
func (b *Broker) sqsListQueues(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if err := checkRange(req.MaxResults, "MaxResults", 1, 1_000); err != nil {
		return nil, err
	}
	after, err := base64.StdEncoding.DecodeString(req.NextToken)
	if err != nil {
		return nil, errValue("Invalid or expired next token.")
	}
	now := b.lock()
	names := slices.Sorted(maps.Keys(b.queues))
	b.unlock(now)

	names = slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, req.QueueNamePrefix) || name <= string(after)
	})
	token := ""
	if req.MaxResults != nil && len(names) > *req.MaxResults {
		names = names[:*req.MaxResults]
		token = base64.StdEncoding.EncodeToString([]byte(names[len(names)-1]))
	}
	dst = append(dst, `{"QueueUrls":[`...)
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(dst, b.queueURL(b.endpointFor(req), name))
	}
	dst = append(dst, ']')
	if token != "" {
		dst = appendJSONField(dst, "NextToken", token)
	}
	return append(dst, '}'), nil
}

func (b *Broker) sqsGetQueueAttributes(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	var attrs map[string]string
	err := b.withQueue(req, func(q *queue, now time.Time) (err *Error) {
		attrs, err = q.attributes(req.AttributeNames, now)
		return err
	})
	if err != nil || len(attrs) == 0 {
		return append(dst, `{}`...), err
	}
	dst = append(dst, `{"Attributes":{`...)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		dst = appendJSONField(dst, name, attrs[name])
	}
	return append(dst, `}}`...), nil
}

// sqsSetQueueAttributes takes effect at once; AWS takes up to a minute, and up
// to 15 for the retention period (SQS API, SetQueueAttributes).
func (b *Broker) sqsSetQueueAttributes(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	err := b.withQueue(req, func(q *queue, now time.Time) *Error {
		if err := q.attrs.set(b, q.name, req.Attributes); err != nil {
			return err
		}
		q.modified = now
		if len(q.stored) > 0 {
			q.nextExpiry = now // the retention period may be shorter than it was
		}
		q.touch()
		return nil
	})
	return append(dst, `{}`...), err
}

func (b *Broker) sqsPurgeQueue(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	err := b.withQueue(req, func(q *queue, now time.Time) *Error { return q.purge(now) })
	return append(dst, `{}`...), err
}
