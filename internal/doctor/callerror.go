package doctor

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// prefixes are those of IAM's actions, by the SDK's name of a service. What is
// called has in IAM the name of its operation.
var prefixes = map[string]string{
	sns.ServiceID: "sns", sqs.ServiceID: "sqs", ecs.ServiceID: "ecs", lambda.ServiceID: "lambda", cloudwatch.ServiceID: "cloudwatch",
	cloudwatchlogs.ServiceID: "logs", elb.ServiceID: "elasticloadbalancing", rds.ServiceID: "rds", sts.ServiceID: "sts",
}

// denied are the codes of AWS for what the credentials may not do. SNS and SQS
// have names of their own, ELB and RDS have the Query protocol's.
var denied = []string{"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "UnauthorizedOperation", "NotAuthorized"}

// unknown is the finding of a check that could not look.
func unknown(err error) Finding {
	f := Finding{Verdict: Unknown, Found: "could not look: " + err.Error()}
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return f
	}
	f.Action = prefixes[op.Service()] + ":" + op.Operation()
	var api smithy.APIError
	switch {
	case !errors.As(err, &api):
		f.Found = fmt.Sprintf("could not look: %s: %v", f.Action, op.Unwrap())
	case slices.Contains(denied, api.ErrorCode()):
		f.Found = "could not look: the permission " + f.Action + " is missing"
		f.Mend = "allow " + f.Action + ": docs/doctor.md#permissions has the whole policy"
	default:
		f.Found = fmt.Sprintf("could not look: %s: %s: %s", f.Action, api.ErrorCode(), api.ErrorMessage())
	}
	return f
}

// isCode reports whether AWS refused with one of the codes.
func isCode(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}
