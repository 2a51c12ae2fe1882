package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/logging"
)

// loadAWS reads the standard AWS_* variables. The region is that of the
// description; for "" it is the variables'.
func loadAWS(ctx context.Context, region string, attempts int) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithRetryMaxAttempts(attempts),
		awsconfig.WithLogger(logging.Nop{}), // what went wrong is told once, by the command
	}
	if region != "" {
		options = append(options, awsconfig.WithRegion(region))
	}
	c, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return c, fmt.Errorf("settings of AWS: %w", err)
	}
	return c, nil
}

// newSQS makes a client without instrumentation: messages keep the context that
// they came with. The endpoint "" is what the variables name, or AWS.
func newSQS(c aws.Config, env environment, endpoint string) *sqs.Client {
	return sqs.NewFromConfig(c, func(o *sqs.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
		if isHere(env, endpoint) {
			o.Credentials = nobody
		}
	})
}

// newLogs is the same for CloudWatch Logs.
func newLogs(c aws.Config, env environment, endpoint string) *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(c, func(o *cloudwatchlogs.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
		if isHere(env, endpoint) {
			o.Credentials = nobody
		}
	})
}

// nobody are credentials for what runs on this machine, where nobody looks at them.
var nobody = credentials.NewStaticCredentialsProvider("local", "local", "")

// isHere reports whether an endpoint is on this machine, and no credentials are
// given for it.
func isHere(env environment, endpoint string) bool {
	if env.getenv("AWS_ACCESS_KEY_ID") != "" {
		return false
	}
	return loopback(endpoint) || endpoint == "" && loopback(env.getenv("AWS_ENDPOINT_URL"))
}

func loopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
