// Command program calls AWS in every way that package calls must see, and has
// code that nothing leads to.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// publisher stands in for the client.
type publisher interface {
	Publish(ctx context.Context, in *sns.PublishInput, opts ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// store is only made; somebody else calls its method.
type store struct{ client *dynamodb.Client }

func (s *store) Get(ctx context.Context) error {
	_, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{})
	return err
}

// pages takes the input, and the client beside it.
func pages(client *dynamodb.Client) *dynamodb.QueryPaginator {
	return dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{})
}

// early runs before main.
var early = func() any { return (&sqs.Client{}).GetQueueUrl }()

// hook is named, and called by nobody here.
var hook = later

func later(ctx context.Context, client *sqs.Client) {
	_, _ = client.SendMessage(ctx, &sqs.SendMessageInput{})
}

// never is what nothing leads to, nor to the type that it is a method of.
type never struct{ client *sqs.Client }

func (n never) purge(ctx context.Context) {
	_, _ = n.client.PurgeQueue(ctx, &sqs.PurgeQueueInput{})
}

func unused(ctx context.Context) { never{}.purge(ctx) }

func run(ctx context.Context, p publisher) {
	_, _ = p.Publish(ctx, &sns.PublishInput{})
}

func main() {
	run(context.Background(), &sns.Client{})
	_ = any(&store{})
	_ = pages(nil)
}
