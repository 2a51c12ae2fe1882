package awsresource

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Lambda returns what a Lambda function's environment says, or nothing
// elsewhere. See "Defined runtime environment variables" in the Lambda
// developer guide, and the conventions' "FaaS resource".
func Lambda(getenv func(string) string) []attribute.KeyValue {
	name := getenv("AWS_LAMBDA_FUNCTION_NAME")
	if name == "" {
		return nil
	}
	attrs := []attribute.KeyValue{semconv.CloudProviderAWS, semconv.CloudPlatformAWSLambda, semconv.FaaSName(name)}
	attrs = appendString(attrs, semconv.CloudRegionKey, getenv("AWS_REGION"))
	attrs = appendString(attrs, semconv.FaaSVersionKey, getenv("AWS_LAMBDA_FUNCTION_VERSION"))
	// The conventions want the log stream here: it is one per execution
	// environment.
	stream := getenv("AWS_LAMBDA_LOG_STREAM_NAME")
	attrs = appendString(attrs, semconv.FaaSInstanceKey, stream)
	if group := getenv("AWS_LAMBDA_LOG_GROUP_NAME"); group != "" {
		attrs = append(attrs, semconv.AWSLogGroupNames(group))
	}
	if stream != "" {
		attrs = append(attrs, semconv.AWSLogStreamNames(stream))
	}
	if megabytes, err := strconv.ParseUint(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 31); err == nil {
		attrs = append(attrs, semconv.FaaSMaxMemory(int(megabytes)<<20))
	}
	return attrs
}

func appendString(attrs []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, key.String(value))
}
