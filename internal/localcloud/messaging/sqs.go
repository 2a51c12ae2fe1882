package messaging

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// maxSQSRequestBytes bounds a request: a batch of 1 MiB of which every byte
// may be escaped as \u0000, and room for the rest.
const maxSQSRequestBytes = 7 << 20

// sqsHandler speaks AWS JSON 1.0 (Smithy specification, "AWS JSON 1.0
// protocol"): the call is named in X-Amz-Target, the rest is in the body.
type sqsHandler struct{ *Broker }

// sqsRequest has the parameters of all calls; each looks at its own.
type sqsRequest struct {
	QueueUrl                    string //nolint:revive // the API's name
	QueueName                   string
	QueueNamePrefix             string
	Attributes                  map[string]string
	AttributeNames              []string
	MessageAttributeNames       []string
	MessageSystemAttributeNames []string
	MaxNumberOfMessages         *int
	WaitTimeSeconds             *int
	MaxResults                  *int
	NextToken                   string
	SourceArn                   string
	DestinationArn              string
	Entries                     []sqsEntry
	sqsEntry                    // of the calls that are no batches

	queue    string // the name in QueueUrl
	endpoint string // scheme and host of the request
	trace    string // X-Amzn-Trace-Id
	fault    *Fault
}

// sqsEntry is an entry of a batch, or what a call for one message says of it.
type sqsEntry struct {
	Id                      string //nolint:revive // the API's name
	MessageBody             *string
	DelaySeconds            *int
	MessageAttributes       map[string]sqsAttribute
	MessageSystemAttributes map[string]sqsAttribute
	MessageGroupId          *string //nolint:revive // the API's name
	MessageDeduplicationId  *string //nolint:revive // the API's name
	ReceiptHandle           string
	VisibilityTimeout       *int
}

type sqsAttribute struct {
	DataType                           string
	StringValue                        *string
	BinaryValue                        []byte
	StringListValues, BinaryListValues []json.RawMessage
}

type sqsAction func(b *Broker, ctx context.Context, req *sqsRequest, dst []byte) ([]byte, *Error)

var sqsActions = map[string]sqsAction{
	"ChangeMessageVisibility":      (*Broker).sqsChangeMessageVisibility,
	"ChangeMessageVisibilityBatch": (*Broker).sqsChangeMessageVisibilityBatch,
	"CreateQueue":                  (*Broker).sqsCreateQueue,
	"DeleteMessage":                (*Broker).sqsDeleteMessage,
	"DeleteMessageBatch":           (*Broker).sqsDeleteMessageBatch,
	"GetQueueAttributes":           (*Broker).sqsGetQueueAttributes,
	"GetQueueUrl":                  (*Broker).sqsGetQueueURL,
	"ListQueues":                   (*Broker).sqsListQueues,
	"PurgeQueue":                   (*Broker).sqsPurgeQueue,
	"ReceiveMessage":               (*Broker).sqsReceiveMessage,
	"SendMessage":                  (*Broker).sqsSendMessage,
	"SendMessageBatch":             (*Broker).sqsSendMessageBatch,
	"SetQueueAttributes":           (*Broker).sqsSetQueueAttributes,
	"StartMessageMoveTask":         (*Broker).sqsStartMessageMoveTask,
}

var sqsProtocol = protocol{
	contentType: "application/x-amz-json-1.0",
	writeError: func(dst []byte, h http.Header, e *Error, _ string) []byte {
		shape := e.shape()
		h.Set("X-Amzn-Query-Error", shape.queryCode+";"+e.party())
		dst = append(dst, `{"__type":`...)
		dst = appendJSONString(dst, shape.kind)
		dst = append(dst, `,"message":`...)
		dst = appendJSONString(dst, e.Message)
		return append(dst, '}')
	},
}

// ServeHTTP implements http.Handler.
func (h sqsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := newID()
	req, action, err := readSQS(w, r)
	if err != nil {
		discard(r)
		h.answerError(w, sqsProtocol, requestID, err)
		return
	}
	call := Call{Service: "sqs", Action: action, Resource: req.queue, Entries: 1}
	if strings.HasSuffix(action, "Batch") {
		call.Entries = len(req.Entries)
	}
	if call.Resource == "" {
		call.Resource = req.QueueName
	}
	h.answer(w, r, sqsProtocol, requestID, call, func(ctx context.Context, dst []byte, f *Fault) ([]byte, *Error) {
		do, ok := sqsActions[action]
		if !ok {
			return nil, errNotImplemented("SQS", action)
		}
		req.fault = f
		return do(h.Broker, ctx, req, dst)
	})
}

func readSQS(w http.ResponseWriter, r *http.Request) (*sqsRequest, string, *Error) {
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if r.Method != http.MethodPost || !ok || action == "" {
		return nil, "", &Error{
			Code: "NotImplemented", Status: http.StatusNotImplemented,
			Message: "the local SQS takes POST requests in AWS JSON 1.0, with X-Amz-Target: AmazonSQS.<action>",
		}
	}
	body := getBuffer()
	defer putBuffer(body)
	if err := readBody(w, r, maxSQSRequestBytes, body); err != nil {
		return nil, "", err
	}
	req, err := parseSQS(body.Bytes())
	if err != nil {
		return nil, "", err
	}
	req.endpoint = "http://" + r.Host
	if trace := r.Header.Get("X-Amzn-Trace-Id"); validTraceHeader(trace) {
		req.trace = trace
	}
	return req, clip(action), nil
}

// parseSQS reads a request body. An empty one stands for no parameters.
func parseSQS(body []byte) (*sqsRequest, *Error) {
	req := new(sqsRequest)
	if len(body) > 0 {
		if err := json.Unmarshal(body, req); err != nil {
			return nil, errorf("SerializationException", "The request body is not the JSON of an SQS call.")
		}
	}
	if req.QueueUrl == "" {
		return req, nil
	}
	name, ok := queueOfURL(req.QueueUrl)
	if !ok {
		return nil, errorf("InvalidAddress", "The address %s is not valid for this endpoint.", clip(req.QueueUrl))
	}
	req.queue = name
	return req, nil
}

// queueOfURL gives what stands behind the account in a queue's URL,
// https://sqs.us-east-2.amazonaws.com/123456789012/MyQueue (SQS guide, "Queue
// and message identifiers"). The host is not looked at: what the client
// reached is the broker.
func queueOfURL(url string) (name string, ok bool) {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return "", false
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 3 || parts[2] == "" || !accountID.MatchString(parts[1]) {
		return "", false
	}
	return parts[2], true
}

// withQueue does f with the queue of a request locked.
func (b *Broker) withQueue(req *sqsRequest, f func(q *queue, now time.Time) *Error) *Error {
	if req.queue == "" {
		return errMissing("QueueUrl")
	}
	now := b.lock()
	defer b.unlock(now)
	if b.closed {
		return errClosed()
	}
	q, err := b.queue(req.queue)
	if err != nil {
		return err
	}
	return f(q, now)
}

// checkRange holds a number that is given to its limits.
func checkRange(value *int, name string, least, most int) *Error {
	if value != nil && (*value < least || *value > most) {
		return errValue("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.",
			*value, name, least, most)
	}
	return nil
}

func appendJSONField(dst []byte, name, value string) []byte {
	if c := dst[len(dst)-1]; c != '{' && c != '[' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return appendJSONString(dst, value)
}

// appendJSONString quotes s, which must be UTF-8.
func appendJSONString(dst []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
