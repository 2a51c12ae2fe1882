package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// A topic, a queue and its dead-letter queue on loopback, and the SDK's own
// clients on both ends.
func Example() {
	broker := messaging.New(messaging.Config{})
	defer broker.Close()
	snsServer, sqsServer := httptest.NewServer(broker.SNS()), httptest.NewServer(broker.SQS())
	defer snsServer.Close()
	defer sqsServer.Close()

	topic, err := broker.CreateTopic("events")
	_, err1 := broker.CreateQueue(messaging.QueueConfig{Name: "events-dlq"})
	queue, err2 := broker.CreateQueue(messaging.QueueConfig{Name: "events", DeadLetterQueue: "events-dlq", MaxReceiveCount: 5})
	_, err3 := broker.Subscribe(messaging.SubscriptionConfig{Topic: "events", Queue: "events", RawMessageDelivery: true})
	if err := errors.Join(err, err1, err2, err3); err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	publisher := sns.NewFromConfig(cfg, func(o *sns.Options) { o.BaseEndpoint = &snsServer.URL })
	consumer := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &sqsServer.URL })

	_, err = publisher.Publish(ctx, &sns.PublishInput{
		TopicArn: &topic, Message: aws.String(`{"hello":"world"}`),
		MessageAttributes: map[string]snstypes.MessageAttributeValue{
			"event-type": {DataType: aws.String("String"), StringValue: aws.String("greeting")},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := consumer.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &queue, WaitTimeSeconds: 5, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := got.Messages[0]
	fmt.Println(*m.Body, *m.MessageAttributes["event-type"].StringValue)
	depth, _ := broker.QueueDepth("events")
	fmt.Println("in flight:", depth.InFlight)
	// Output:
	// {"hello":"world"} greeting
	// in flight: 1
}

// A fault loses the answer of every second publish, after the work is done.
func ExampleConfig_fault() {
	var calls atomic.Int32
	broker := messaging.New(messaging.Config{Fault: func(c messaging.Call) *messaging.Fault {
		if c.Action == "Publish" && calls.Add(1)%2 == 0 {
			return &messaging.Fault{Drop: messaging.DropAfter}
		}
		return nil
	}})
	defer broker.Close()
	server := httptest.NewServer(broker.SNS())
	defer server.Close()
	topic, _ := broker.CreateTopic("events")

	client := sns.New(sns.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	for range 3 {
		_, err := client.Publish(context.Background(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("m")})
		fmt.Println("answered:", err == nil)
	}
	// Output:
	// answered: true
	// answered: false
	// answered: true
}
