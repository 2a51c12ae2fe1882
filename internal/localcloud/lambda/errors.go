package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrClosed says that the function was closed.
var ErrClosed = errors.New("lambda: the function is closed")

// Error types that Lambda itself reports, as seen in its logs and responses.
const (
	errTimeout          = "Sandbox.Timedout"
	errExit             = "Runtime.ExitError"
	errOutOfMemory      = "Runtime.OutOfMemory"
	errResponseTooLarge = "Function.ResponseSizeTooLarge"
	errRequestTooLarge  = "RequestTooLargeException"
	errUnhandled        = "Unhandled"
)

// InvocationError is a failed invocation: the function returned an error, ran
// out of time or ended.
type InvocationError struct {
	RequestID string
	Type      string // errorType
	Message   string // errorMessage
}

func (e *InvocationError) Error() string {
	if e.RequestID == "" {
		return fmt.Sprintf("lambda: %s: %s", e.Type, e.Message)
	}
	return fmt.Sprintf("lambda: invocation %s: %s: %s", e.RequestID, e.Type, e.Message)
}

// timedOut is worded as Lambda's.
func timedOut(requestID string, after time.Duration) *InvocationError {
	return &InvocationError{requestID, errTimeout, fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds())}
}

func exited(requestID, how string) *InvocationError {
	return &InvocationError{requestID, errExit, "Runtime exited with error: " + how}
}

// reported makes an error of the JSON a runtime posts ("Lambda runtime API",
// "Invocation error").
func reported(requestID string, body []byte) *InvocationError {
	var e struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(body, &e); err != nil || (e.Type == "" && e.Message == "") {
		return &InvocationError{requestID, errUnhandled, "the function reported an error in a form that is not Lambda's"}
	}
	setDefault(&e.Type, errUnhandled)
	return &InvocationError{requestID, e.Type, e.Message}
}
