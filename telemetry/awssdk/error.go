package awssdk

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// The values of error.type besides the codes of AWS's services and, as the
// last resort, the names of Go's types.
const (
	errorCanceled          = "canceled"            // by the caller
	errorDeadline          = "deadline_exceeded"   // of the caller's context
	errorTimeout           = "timeout"             // of the network
	errorConnection        = "connection_failed"   // no answer: name, connection, TLS
	errorInvalidInput      = "invalid_input"       // refused by the SDK before the call
	errorTooManyAttributes = "too_many_attributes" // refused by the injector before the call
	errorNotConfirmed      = "not_confirmed"       // an entry that the answer does not mention
)

// errorType returns the value of error.type for an error: a word of low
// cardinality that holds nothing of the input. It is empty for no error.
func errorType(err error) string {
	if err == nil {
		return ""
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if code := errorCode(api.ErrorCode()); code != "" && code != unknownError {
			return code
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errorDeadline
	}
	if errors.Is(err, context.Canceled) {
		return errorCanceled
	}
	if is[*message.TooManyAttributesError](err) {
		return errorTooManyAttributes
	}
	if is[smithy.InvalidParamsError](err) {
		return errorInvalidInput
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return errorTimeout
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() > 0 {
		return strconv.Itoa(response.HTTPStatusCode()) // without a code: a proxy's, say
	}
	if is[*smithyhttp.RequestSendError](err) {
		return errorConnection
	}
	return typeName(err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// unknownError is the code that the SDK gives to answers without one.
const unknownError = "UnknownError"

const codeCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:#/"

// errorCode returns a service's error code, or nothing when it does not look
// like one: it comes from outside.
func errorCode(code string) string {
	const most = 100
	if len(code) > most || strings.Trim(code, codeCharacters) != "" {
		return ""
	}
	return code
}

// entryErrorType is errorType for an entry of a batch that was refused.
func entryErrorType(code *string) string {
	if code != nil {
		if c := errorCode(*code); c != "" {
			return c
		}
	}
	return otelsemconv.ErrorTypeOther.Value.AsString()
}

// typeName is the type of the innermost error that has one to speak of.
func typeName(err error) string {
	name := otelsemconv.ErrorTypeOther.Value.AsString()
	for ; err != nil; err = errors.Unwrap(err) {
		t := reflect.TypeOf(err)
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if pkg := t.PkgPath(); pkg != "" && pkg != "errors" && pkg != "fmt" && t.Name() != "" {
			name = pkg + "." + t.Name()
		}
	}
	return name
}
