package messaging

import (
	"fmt"
	"net/http"
)

// Error is an error of the local SNS or SQS, as Go calls return it and as the
// handlers put it on the wire.
type Error struct {
	// Code is the API's error code, as "QueueDoesNotExist" or "NotFound".
	Code string
	// Message is for people.
	Message string
	// Status is the HTTP status. Defaults to 400, and to 500 where Receiver is set.
	Status int
	// Receiver says that the fault is the server's, so that retrying may help.
	// Defaults to false: the caller's.
	Receiver bool
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) status() int {
	switch {
	case e.Status != 0:
		return e.Status
	case e.Receiver:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

func (e *Error) party() string {
	if e.Receiver {
		return "Receiver"
	}
	return "Sender"
}

func errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// errNotImplemented is the answer to every call that is not here. It is the
// caller's fault, so that no client retries it.
func errNotImplemented(service, action string) *Error {
	return &Error{
		Code:    "NotImplemented",
		Message: fmt.Sprintf("the local %s does not implement %q", service, action),
		Status:  http.StatusNotImplemented,
	}
}

func errClosed() *Error {
	return &Error{
		Code: "ServiceUnavailable", Message: "the local broker is closed",
		Status: http.StatusServiceUnavailable, Receiver: true,
	}
}

func errTooLarge(limit int64) *Error {
	return &Error{
		Code: "RequestEntityTooLarge", Message: fmt.Sprintf("the request is longer than %d bytes", limit),
		Status: http.StatusRequestEntityTooLarge,
	}
}

// The errors of SQS that have more than one place.

func errNoQueue() *Error {
	return errorf("QueueDoesNotExist", "The specified queue does not exist.")
}

func errMissing(parameter string) *Error {
	return errorf("MissingParameter", "The request must contain the parameter %s.", parameter)
}

func errValue(format string, args ...any) *Error {
	return errorf("InvalidParameterValue", format, args...)
}

// errFull is not AWS's: real queues have no end.
func errFull(queue string, messages int, bytes int64) *Error {
	return &Error{
		Code: "OverLimit",
		Message: fmt.Sprintf("the local queue %s is full: it holds %d messages and %d bytes, the bounds of this process",
			queue, messages, bytes),
		Status: http.StatusForbidden,
	}
}

// The errors of SNS that have more than one place.

func errParameter(format string, args ...any) *Error {
	return errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}

func errNoTopic() *Error {
	return &Error{Code: "NotFound", Message: "Topic does not exist", Status: http.StatusNotFound}
}

func errNoSubscription() *Error {
	return &Error{Code: "NotFound", Message: "Subscription does not exist", Status: http.StatusNotFound}
}

// sqsShape is how an error of SQS looks in AWS JSON 1.0. The code that clients
// knew from the Query protocol travels in the header x-amzn-query-error, since
// the service is query-compatible (Smithy specification, "AWS query protocol
// error": awsQueryError, awsQueryCompatible).
type sqsShape struct {
	kind, queryCode string
	status          int
}

const (
	sqsNamespace   = "com.amazonaws.sqs#"
	coralNamespace = "com.amazon.coral.service#"
	queryNamespace = "AWS.SimpleQueueService."
)

// sqsShapes has the errors whose name, query code or status differ from the
// plain case: the codes of SQS API, "Common errors" and each action's errors.
var sqsShapes = map[string]sqsShape{
	"BatchEntryIdsNotDistinct":     {queryCode: queryNamespace + "BatchEntryIdsNotDistinct"},
	"BatchRequestTooLong":          {queryCode: queryNamespace + "BatchRequestTooLong"},
	"EmptyBatchRequest":            {queryCode: queryNamespace + "EmptyBatchRequest"},
	"InvalidAddress":               {status: http.StatusNotFound},
	"InvalidBatchEntryId":          {queryCode: queryNamespace + "InvalidBatchEntryId"},
	"InvalidParameterValue":        {kind: coralNamespace + "InvalidParameterValueException"},
	"MessageNotInflight":           {queryCode: queryNamespace + "MessageNotInflight"},
	"MissingParameter":             {kind: coralNamespace + "MissingRequiredParameterException"},
	"OverLimit":                    {status: http.StatusForbidden},
	"PurgeQueueInProgress":         {queryCode: queryNamespace + "PurgeQueueInProgress", status: http.StatusForbidden},
	"QueueDoesNotExist":            {queryCode: queryNamespace + "NonExistentQueue"},
	"QueueNameExists":              {queryCode: "QueueAlreadyExists"},
	"ReceiptHandleIsInvalid":       {status: http.StatusNotFound},
	"RequestThrottled":             {status: http.StatusForbidden},
	"ResourceNotFoundException":    {status: http.StatusNotFound},
	"SerializationException":       {kind: coralNamespace + "SerializationException"},
	"TooManyEntriesInBatchRequest": {queryCode: queryNamespace + "TooManyEntriesInBatchRequest"},
	"UnsupportedOperation":         {queryCode: queryNamespace + "UnsupportedOperation"},
}

// shape fills in the plain case.
func (e *Error) shape() sqsShape {
	s := sqsShapes[e.Code]
	if s.kind == "" {
		s.kind = sqsNamespace + e.Code
	}
	if s.queryCode == "" {
		s.queryCode = e.Code
	}
	if s.status == 0 || e.Status != 0 {
		s.status = e.status()
	}
	return s
}
