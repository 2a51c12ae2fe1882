package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
)

// callError is a call of AWS that failed, in words for the reader of a job's log.
type callError struct {
	text string
	err  error
}

func (e *callError) Error() string { return e.text }

func (e *callError) Unwrap() error { return e.err }

// explain says which permission is missing, or what else can be done about an
// error of the SDK.
func explain(err error) error {
	var op *smithy.OperationError
	var api smithy.APIError
	if done := (*callError)(nil); !errors.As(err, &op) || errors.As(err, &done) || errors.Is(err, context.Canceled) {
		return err
	}
	if !errors.As(err, &api) {
		return &callError{fmt.Sprintf("%s: %v", action(op), op.Unwrap()), err}
	}
	switch api.ErrorCode() {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized":
		return &callError{fmt.Sprintf("the permission %s is missing: give it to the role of the deploy job (%s)", action(op), api.ErrorMessage()), err}
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return &callError{action(op) + ": the credentials have expired: the session of the deploy job's role must last longer than the timeout", err}
	}
	return &callError{fmt.Sprintf("%s: %s: %s", action(op), api.ErrorCode(), api.ErrorMessage()), err}
}

// action is IAM's name for what a call does. Those that we make all have the name
// of the operation.
func action(op *smithy.OperationError) string {
	prefixes := map[string]string{ecs.ServiceID: "ecs", cloudwatch.ServiceID: "cloudwatch", codedeploy.ServiceID: "codedeploy", lambda.ServiceID: "lambda"}
	return prefixes[op.Service()] + ":" + op.Operation()
}

// passing reports whether a call that failed, after all retries of the SDK, may
// still work a little later.
func passing(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool() ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool()
}

// isCode reports whether AWS refused with one of the codes.
func isCode(err error, codes ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	return slices.Contains(codes, api.ErrorCode())
}
