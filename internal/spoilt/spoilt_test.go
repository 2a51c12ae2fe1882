package spoilt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/tracehaul/tracehaul/internal/spoilt"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

func TestBatch_OnlyWhatIsInIt(t *testing.T) {
	code := func(c string) error { return &smithy.GenericAPIError{Code: c} }
	for _, test := range []struct {
		err  error
		want bool
	}{
		{&message.TooManyAttributesError{}, true},
		{&sqstypes.InvalidMessageContents{}, true},
		{&sqstypes.BatchRequestTooLong{}, true},
		{&sqstypes.BatchRequestTooLong{ErrorCodeOverride: aws.String("AWS.SimpleQueueService.BatchRequestTooLong")}, true},
		{&sqstypes.UnsupportedOperation{ErrorCodeOverride: aws.String("AWS.SimpleQueueService.UnsupportedOperation")}, true},
		{&snstypes.BatchRequestTooLongException{}, true},
		{&snstypes.InvalidParameterException{}, true},
		{&snstypes.InvalidParameterValueException{}, true},
		{&snstypes.ValidationException{}, true},
		{code("InvalidParameterValue"), true},
		{code("MissingParameter"), true},
		{code("AWS.SimpleQueueService.TooManyEntriesInBatchRequest"), true},
		{&snstypes.AuthorizationErrorException{}, false},
		{&snstypes.InternalErrorException{}, false},
		{&snstypes.KMSThrottlingException{}, false},
		{&snstypes.NotFoundException{}, false},
		{&snstypes.ThrottledException{}, false},
		{&sqstypes.RequestThrottled{}, false},
		{&sqstypes.KmsThrottled{ErrorCodeOverride: aws.String("KMS.ThrottlingException")}, false},
		{&sqstypes.KmsAccessDenied{}, false},
		{&sqstypes.KmsDisabled{}, false},
		{&sqstypes.QueueDoesNotExist{ErrorCodeOverride: aws.String("AWS.SimpleQueueService.NonExistentQueue")}, false},
		{&sqstypes.OverLimit{}, false},
		{code("AccessDenied"), false},
		{code("AccessDeniedException"), false},
		{code("ThrottlingException"), false},
		{code("ExpiredToken"), false},
		{code(""), false},
		{context.DeadlineExceeded, false},
		{nil, false},
	} {
		if got := spoilt.Batch(test.err); got != test.want {
			t.Errorf("%T %v: got %v", test.err, test.err, got)
		}
		if wrapped := fmt.Errorf("send: %w", test.err); test.err != nil && spoilt.Batch(wrapped) != test.want {
			t.Errorf("%v, wrapped: got %v", test.err, !test.want)
		}
	}
}
