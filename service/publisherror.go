package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

// publishError says why an event was not published. It is made once and not
// changed.
type publishError struct {
	code  string // one of the codes of publishing
	cause error  // for the operator
}

func (e *publishError) Error() string { return e.code + ": " + e.cause.Error() }
func (e *publishError) Unwrap() error { return e.cause }

// passing reports that sending the event again may help.
func (e *publishError) passing() bool { return e.code != codePublishRefused }

// Outcomes that no answer of SNS stands behind.
var (
	withdrawn   = &publishError{codePublishTimeout, errors.New("the request ended before the event was sent")}
	unconfirmed = &publishError{codePublishTimeout, errors.New("the request ended before SNS answered")}
	stopped     = &publishError{codeStopping, errStopping}
	unmentioned = &publishError{codePublishUnavailable, errNotConfirmed}
)

// throttles are the codes with which SNS says that calls come too fast
// ("PublishBatch", Errors; "Common Errors"; Amazon SNS API Reference).
var throttles = map[string]struct{}{
	"Throttled":              {},
	"ThrottledException":     {},
	"Throttling":             {},
	"ThrottlingException":    {},
	"KMSThrottling":          {},
	"KMSThrottlingException": {},
	"RequestLimitExceeded":   {},
}

// callFailure reads the error of a call that failed as a whole.
func callFailure(err error) *publishError {
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		if _, throttled := throttles[api.ErrorCode()]; throttled {
			return &publishError{codePublishThrottled, err}
		}
		if api.ErrorFault() == smithy.FaultClient {
			return &publishError{codePublishRefused, err}
		}
	case errors.Is(err, context.DeadlineExceeded):
		return &publishError{codePublishTimeout, err}
	}
	return &publishError{codePublishUnavailable, err}
}

// entryFailure reads the error of one entry of a call that succeeded.
func entryFailure(e snstypes.BatchResultErrorEntry) *publishError {
	text := aws.ToString(e.Message)
	err := fmt.Errorf("SNS: %s: %s", aws.ToString(e.Code), text[:min(len(text), 200)])
	if _, throttled := throttles[aws.ToString(e.Code)]; throttled {
		return &publishError{codePublishThrottled, err}
	}
	if e.SenderFault {
		return &publishError{codePublishRefused, err}
	}
	return &publishError{codePublishUnavailable, err}
}
