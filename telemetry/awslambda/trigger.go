package awslambda

import (
	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// triggerOf tells by the type of an event what invoked the function. Semantic
// conventions, "FaaS spans", faas.trigger.
func triggerOf(event any) attribute.KeyValue {
	switch e := event.(type) {
	case events.SQSEvent, events.SNSEvent, events.KinesisEvent, events.KafkaEvent:
		return otelsemconv.FaaSTriggerPubSub
	case events.S3Event, events.DynamoDBEvent:
		return otelsemconv.FaaSTriggerDatasource
	case events.APIGatewayProxyRequest, events.APIGatewayV2HTTPRequest, events.ALBTargetGroupRequest,
		events.LambdaFunctionURLRequest:
		return otelsemconv.FaaSTriggerHTTP
	case events.CloudWatchEvent: // EventBridge
		if e.Source == "aws.events" || e.Source == "aws.scheduler" {
			return otelsemconv.FaaSTriggerTimer
		}
		return otelsemconv.FaaSTriggerPubSub
	}
	return otelsemconv.FaaSTriggerOther
}
