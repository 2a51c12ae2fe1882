package awsresource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLambda(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want map[string]string
	}{
		"Elsewhere_Nothing": {env: map[string]string{"AWS_REGION": "eu-west-1"}, want: map[string]string{}},
		"Function_AllAttributes": {
			env: map[string]string{
				"AWS_LAMBDA_FUNCTION_NAME": "prod-orders-consumer", "AWS_LAMBDA_FUNCTION_VERSION": "7", "AWS_REGION": "eu-west-1",
				"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/prod-orders-consumer",
				"AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/24/[7]b1f2",
			},
			want: map[string]string{
				"cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-west-1",
				"faas.name": "prod-orders-consumer", "faas.version": "7", "faas.instance": "2026/11/24/[7]b1f2", "faas.max_memory": "536870912",
				"aws.log.group.names": `["/aws/lambda/prod-orders-consumer"]`, "aws.log.stream.names": `["2026/11/24/[7]b1f2"]`,
			},
		},
		"NonsenseMemory_LeftOut": {
			env:  map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "much"},
			want: map[string]string{"cloud.provider": "aws", "cloud.platform": "aws_lambda", "faas.name": "f"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := texts(Lambda(func(key string) string { return tc.env[key] }))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
