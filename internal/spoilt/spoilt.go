package spoilt

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// queryNamespace stands before codes that SQS had before it spoke JSON.
const queryNamespace = "AWS.SimpleQueueService."

// codes are those by which SNS and SQS find fault with a message, or with the size
// of all. ("PublishBatch", Amazon SNS API Reference; "SendMessage" and
// "SendMessageBatch", Amazon SQS API Reference, Errors; "Common Errors" of both.)
var codes = map[string]struct{}{
	"BatchRequestTooLong":            {},
	"BatchRequestTooLongException":   {},
	"InvalidAttributeName":           {},
	"InvalidAttributeValue":          {},
	"InvalidMessageContents":         {},
	"InvalidParameter":               {},
	"InvalidParameterCombination":    {},
	"InvalidParameterException":      {},
	"InvalidParameterValue":          {},
	"InvalidParameterValueException": {},
	"MissingParameter":               {},
	"ParameterValueInvalid":          {},
	"TooManyEntriesInBatchRequest":   {},
	"UnsupportedOperation":           {},
	"ValidationError":                {},
	"ValidationException":            {},
}

// Batch reports whether a call failed for what is in it, so that a single entry may
// be to blame: the others may be sent without it, and sending the same again gives
// the same error.
func Batch(err error) bool {
	if _, ok := errors.AsType[*message.TooManyAttributesError](err); ok {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	_, known := codes[strings.TrimPrefix(api.ErrorCode(), queryNamespace)]
	return known
}
