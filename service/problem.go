package service

import (
	"net/http"
	"strconv"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/service/bearer"
)

// problemDocs is where the codes are described: each has a heading of its own.
const problemDocs = "https://github.com/tracehaul/tracehaul/blob/main/service/PROBLEMS.md#"

const mediaTypeProblem = "application/problem+json"

// Codes of problems, beside those of packages event and bearer.
const (
	codeNotFound           = "not_found"
	codeMethodNotAllowed   = "method_not_allowed"
	codeContentEncoding    = "unsupported_content_encoding"
	codeBodyTooLarge       = "body_too_large"
	codeIncompleteBody     = "incomplete_body"
	codeSlowBody           = "slow_body"
	codeClientGone         = "client_closed_request"
	codeOverloaded         = "overloaded"
	codeStopping           = "stopping"
	codePublishUnavailable = "publish_unavailable"
	codePublishThrottled   = "publish_throttled"
	codePublishTimeout     = "publish_timeout"
	codePublishRefused     = "publish_refused"
	codeInternal           = "internal_error"
)

// statusClientGone is no registered status. Only logs and spans get to see it.
const statusClientGone = 499

// problemKind is what all problems of one code have in common.
type problemKind struct {
	status int
	title  string
	detail string // where a request has nothing of its own to say

	// retryAfter, in seconds, tells clients that the same request may succeed
	// later. 0 means that it never will, or that nobody knows when.
	retryAfter int

	// closes says that the connection cannot be used any more: the rest of
	// the request was not read.
	closes bool
}

const again = " Sending it again with the same id is safe."

var problemKinds = map[string]problemKind{
	event.CodeMalformedJSON:        {status: http.StatusBadRequest, title: "Malformed JSON"},
	event.CodeInvalidUnicode:       {status: http.StatusBadRequest, title: "Invalid Unicode"},
	event.CodeNULCharacter:         {status: http.StatusUnprocessableEntity, title: "NUL character"},
	event.CodeNumberOutOfRange:     {status: http.StatusUnprocessableEntity, title: "Number out of range"},
	event.CodeDuplicateMember:      {status: http.StatusUnprocessableEntity, title: "Duplicate member"},
	event.CodeMissingAttribute:     {status: http.StatusUnprocessableEntity, title: "Missing attribute"},
	event.CodeInvalidAttribute:     {status: http.StatusUnprocessableEntity, title: "Invalid attribute"},
	event.CodeUnsupportedVersion:   {status: http.StatusUnprocessableEntity, title: "Unsupported version of CloudEvents"},
	event.CodeInvalidData:          {status: http.StatusUnprocessableEntity, title: "Invalid data"},
	event.CodeTooDeep:              {status: http.StatusUnprocessableEntity, title: "JSON nested too deep"},
	event.CodeTooLarge:             {status: http.StatusRequestEntityTooLarge, title: "Event too large"},
	event.CodeBatchTooLarge:        {status: http.StatusRequestEntityTooLarge, title: "Too many events in the batch"},
	event.CodeUnsupportedMediaType: {status: http.StatusUnsupportedMediaType, title: "Unsupported media type"},

	// The rest of these requests is not read.
	bearer.CodeUnauthenticated:      {status: http.StatusUnauthorized, title: "Unauthenticated", closes: true},
	bearer.CodeInvalidAuthorization: {status: http.StatusBadRequest, title: "Invalid authorization", closes: true},
	bearer.CodeInvalidToken:         {status: http.StatusUnauthorized, title: "Invalid token", closes: true},
	bearer.CodeInsufficientScope:    {status: http.StatusForbidden, title: "Insufficient scope", closes: true},
	bearer.CodeKeysUnavailable:      {status: http.StatusServiceUnavailable, title: "Keys are not available", retryAfter: 5, closes: true},

	codeNotFound: {
		status: http.StatusNotFound, title: "Not found",
		detail: "There is nothing at this path. Events go to /v1/events.",
	},
	codeMethodNotAllowed: {
		status: http.StatusMethodNotAllowed, title: "Method not allowed",
		detail: "The Allow header lists the methods of this path.",
	},
	codeContentEncoding: {
		status: http.StatusUnsupportedMediaType, title: "Unsupported content encoding",
		detail: "Send the body as it is, without Content-Encoding.", closes: true,
	},
	codeBodyTooLarge: {status: http.StatusRequestEntityTooLarge, title: "Body too large", closes: true},
	codeIncompleteBody: {
		status: http.StatusBadRequest, title: "Incomplete body",
		detail: "The body ended before its end.", closes: true,
	},
	codeSlowBody: {status: http.StatusRequestTimeout, title: "Request took too long to arrive", closes: true},
	codeClientGone: {
		status: statusClientGone, title: "Client closed the request",
		detail: "The client went away before SNS answered.", closes: true,
	},
	codeOverloaded: {
		status: http.StatusServiceUnavailable, title: "Overloaded", retryAfter: 1,
		detail: "More events come in than can be published. Nothing of this request was published.",
	},
	codeStopping: {
		status: http.StatusServiceUnavailable, title: "Stopping", retryAfter: 1, closes: true,
		detail: "This process is stopping; another one will take the request." + again,
	},
	codePublishUnavailable: {
		status: http.StatusServiceUnavailable, title: "SNS is not available", retryAfter: 5,
		detail: "SNS did not confirm the event." + again,
	},
	codePublishThrottled: {
		status: http.StatusServiceUnavailable, title: "SNS is throttling", retryAfter: 5,
		detail: "SNS takes no more events for the moment." + again,
	},
	codePublishTimeout: {
		status: http.StatusGatewayTimeout, title: "SNS did not answer in time", retryAfter: 5,
		detail: "It is not known whether the event was published." + again,
	},
	codePublishRefused: {
		status: http.StatusBadGateway, title: "SNS refused the event",
		detail: "SNS refused the event for a reason that does not pass by itself. The operator finds it under the trace id.",
	},
	codeInternal: {
		status: http.StatusInternalServerError, title: "Internal error",
		detail: "Something is broken in the service. The operator finds it under the trace id.",
	},
}

// refusal is one problem on its way to the client.
type refusal struct {
	code   string
	detail string // defaults to the kind's
	events int    // how many events it concerns; defaults to 1
	index  *int
	field  string
	batch  *Batch // what became of each event, where they differ
	cause  error  // for the log only
	stack  string // of a panic, for the log only
}

// problem makes the document.
func (r *refusal) problem(traceID string) (Problem, problemKind) {
	kind, known := problemKinds[r.code]
	if !known {
		kind = problemKinds[codeInternal]
	}
	p := Problem{
		Type:    problemDocs + r.code,
		Title:   kind.title,
		Status:  kind.status,
		Detail:  r.detail,
		Code:    r.code,
		TraceID: traceID,
		Index:   r.index,
		Field:   r.field,
	}
	if p.Detail == "" {
		p.Detail = kind.detail
	}
	if r.batch != nil {
		p.Accepted, p.Results = &r.batch.Accepted, r.batch.Results
	}
	return p, kind
}

// setHeaders sets the headers that belong to a kind of problem.
func (k problemKind) setHeaders(h http.Header) {
	h.Set("Content-Type", mediaTypeProblem)
	if k.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(k.retryAfter))
	}
	if k.closes {
		h.Set("Connection", "close")
	}
}
