package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/logging"

	"github.com/tracehaul/tracehaul/internal/localstate"
	"github.com/tracehaul/tracehaul/internal/sdkhttp"
	"github.com/tracehaul/tracehaul/internal/story/source"
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

// credentialsTimeout bounds the search for credentials, which on a laptop without
// any ends with the metadata service of a machine that this is not, and the first
// question to AWS.
const credentialsTimeout = 15 * time.Second

// checkCredentials looks whether there are any, before they are needed: each call
// would say that there are none in its own words.
func checkCredentials(ctx context.Context, own aws.CredentialsProvider) error {
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if _, err := own.Retrieve(ctx); err != nil {
		return noCredentials(err)
	}
	return nil
}

// noCredentials says what would be some, and what the SDK says.
func noCredentials(err error) error {
	return fmt.Errorf("%w (%w)", source.ErrNoCredentials, err)
}

// newSQS makes a client without instrumentation: messages keep the context that
// they came with. The endpoint "" is what variables and profile name, or AWS.
func newSQS(c aws.Config, endpoint string) *sqs.Client {
	return sqs.NewFromConfig(c, func(o *sqs.Options) {
		o.BaseEndpoint, o.Credentials = reach(endpoint, o.BaseEndpoint, o.Credentials)
		o.HTTPClient = sdkhttp.New(o.HTTPClient)
	})
}

// newLogs is the same for CloudWatch Logs.
func newLogs(c aws.Config, endpoint string) *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(c, func(o *cloudwatchlogs.Options) {
		o.BaseEndpoint, o.Credentials = reach(endpoint, o.BaseEndpoint, o.Credentials)
	})
}

// nobody are credentials for what runs on this machine, where nobody looks at them.
var nobody = credentials.NewStaticCredentialsProvider("local", "local", "")

// newLocalSQS makes a client for a pipeline on this machine, whatever is set for AWS.
func newLocalSQS(s *localstate.State, region string) *sqs.Client {
	return sqs.New(sqs.Options{Region: region, BaseEndpoint: &s.SQS, Credentials: nobody, HTTPClient: sdkhttp.New(nil)})
}

// reach returns where a client's calls go, and who makes them: the endpoint, if
// one is given, or what the SDK has found; and credentials that are made up only
// if that is on this machine and nobody has given any.
func reach(endpoint string, found *string, own aws.CredentialsProvider) (*string, aws.CredentialsProvider) {
	if endpoint != "" {
		found = &endpoint
	}
	if loopback(aws.ToString(found)) && !areGiven(own) {
		own = nobody
	}
	return found, own
}

// areGiven reports whether variables or a profile say whose credentials to use.
// Otherwise the SDK asks the instance that it may be running on.
func areGiven(own aws.CredentialsProvider) bool {
	return own != nil && !aws.IsCredentialsProvider(own, (*ec2rolecreds.Provider)(nil))
}

func loopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
