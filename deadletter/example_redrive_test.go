package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// What the database refused goes back once the constraint is mended.
func ExampleQueue_Redrive() {
	broker := messaging.New(messaging.Config{})
	defer broker.Close()
	server := httptest.NewServer(broker.SQS())
	defer server.Close()
	_, err1 := broker.CreateQueue(messaging.QueueConfig{Name: "orders"})
	_, err2 := broker.CreateQueue(messaging.QueueConfig{Name: "orders-dlq"})
	client := sqs.New(sqs.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	ctx := context.Background()
	_, err3 := client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String(broker.QueueURL("orders-dlq")), MessageBody: aws.String(`{"specversion":"1.0","id":"1","source":"/shop","type":"order"}`),
		MessageAttributes: attributes("failure-reason", "refused", "failure-code", "23514"),
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Println(err)
		return
	}

	q, err := deadletter.Open(ctx, deadletter.Config{SQS: client, QueueURL: broker.QueueURL("orders-dlq")})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := q.Redrive(ctx, deadletter.RedriveConfig{
		To: broker.QueueURL("orders"), Filter: deadletter.Filter{Reasons: []string{"refused"}}, MaxRedrives: 3,
	})
	if err != nil {
		fmt.Println(err) // the report is good all the same, and it may be run again
	}
	fmt.Printf("%d sent, %d failed, cause %s\n", report.Sent, report.Failed, report.Groups[0].Code)
	// Output:
	// 1 sent, 0 failed, cause 23514
}
