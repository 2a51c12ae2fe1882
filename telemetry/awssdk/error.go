package awssdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
	errorTimeout           = "timeout"             // of the network, or of the HTTP client
	errorConnection        = "connection_failed"   // no answer, or half of one: name, connection, TLS
	errorInvalidInput      = "invalid_input"       // refused by the SDK before the call
	errorInvalidResponse   = "invalid_response"    // an answer that the SDK cannot read
	errorEndpoint          = "no_endpoint"         // nowhere to send to: no region, or none that there is
	errorCredentials       = "no_credentials"      // none that could be had, whatever the reason
	errorSigning           = "signing_failed"      // with credentials
	errorTooManyAttributes = "too_many_attributes" // refused by the injector before the call
	errorNotConfirmed      = "not_confirmed"       // an entry that the answer does not mention
	errorExit              = "goroutine_exit"      // runtime.Goexit, as tests call it
)

// errorType returns the value of error.type for the error of a call in ctx: a
// word of low cardinality that holds nothing of the input. It is empty for no
// error.
func errorType(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return ""
	// Timeouts of the network also say that they are a deadline's.
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		return errorDeadline
	case errors.Is(err, context.Canceled):
		return errorCanceled
	case is[*message.TooManyAttributesError](err):
		return errorTooManyAttributes
	}
	// Before the codes of services: that of STS is not the called one's.
	if step := failedStep(err); step != "" {
		return step
	}
	if code := serviceCode(err); code != "" {
		return code
	}
	return clientError(err)
}

// serviceCode is the error's code in a service's answer, or the status of an
// answer without one: a proxy's, say.
func serviceCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if code := errorCode(api.ErrorCode()); code != "" && code != unknownError {
			return code
		}
	}
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if ok && response.HTTPStatusCode() >= http.StatusMultipleChoices {
		return strconv.Itoa(response.HTTPStatusCode())
	}
	return ""
}

// clientError is the word for what went wrong on this side of the service.
func clientError(err error) string {
	network, ok := errors.AsType[net.Error](err)
	switch {
	case ok && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errorTimeout
	case ok, is[*smithyhttp.RequestSendError](err), errors.Is(err, io.ErrUnexpectedEOF):
		return errorConnection
	case is[smithy.InvalidParamsError](err), is[*smithy.SerializationError](err):
		return errorInvalidInput
	case is[*smithy.DeserializationError](err):
		return errorInvalidResponse
	}
	return typeName(err)
}

// failedStep tells the steps of a call that come before it is sent by the texts
// that the SDK puts before their errors: there are no types for them. Behind
// the first may be another call, with steps of its own.
func failedStep(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		for _, step := range steps {
			if strings.HasPrefix(err.Error(), step.text) {
				return step.word
			}
		}
	}
	return ""
}

var steps = []struct{ text, word string }{
	{"resolve auth scheme: resolve endpoint: ", errorEndpoint},
	{"failed to resolve service endpoint, ", errorEndpoint},
	{"failed to parse endpoint URL: ", errorEndpoint},
	{"get identity: ", errorCredentials},
	{"resolve auth scheme: ", errorSigning},
	{"could not select an auth scheme", errorSigning},
	{"sign request: ", errorSigning},
}

// panicType is error.type of a call in which something panicked.
func panicType(value any) string {
	if value == nil {
		return errorExit
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", value), "*")
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
