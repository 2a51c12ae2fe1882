package awssdk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

func TestInstrument_Resources_AreNamedOnTheSpanAlone(t *testing.T) {
	t.Parallel()
	write := []ddbtypes.WriteRequest{{DeleteRequest: &ddbtypes.DeleteRequest{Key: key()}}}
	for method, test := range map[string]struct {
		call func(context.Context, aws.Config) error
		want map[string]string
	}{
		"DynamoDB.GetItem": {func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).GetItem(ctx, &dynamodb.GetItemInput{TableName: new("orders"), Key: key()})
			return err
		}, tables(`["orders"]`)},
		"DynamoDB.BatchGetItem": {func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
				RequestItems: map[string]ddbtypes.KeysAndAttributes{"orders": {Keys: []map[string]ddbtypes.AttributeValue{key()}}},
			})
			return err
		}, tables(`["orders"]`)},
		"DynamoDB.BatchWriteItem": {func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
				RequestItems: map[string][]ddbtypes.WriteRequest{"orders": write, "audit": write},
			})
			return err
		}, tables(`["audit","orders"]`)},
		"DynamoDB.TransactGetItems": {func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{
				TransactItems: []ddbtypes.TransactGetItem{{Get: &ddbtypes.Get{TableName: new("orders"), Key: key()}}},
			})
			return err
		}, tables(`["orders"]`)},
		"DynamoDB.TransactWriteItems": {func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
				TransactItems: []ddbtypes.TransactWriteItem{
					{Put: &ddbtypes.Put{TableName: new("orders"), Item: key()}},
					{Delete: &ddbtypes.Delete{TableName: new("orders"), Key: key()}},
					{ConditionCheck: &ddbtypes.ConditionCheck{TableName: new("audit"), Key: key(), ConditionExpression: new("secret")}},
				},
			})
			return err
		}, tables(`["audit","orders"]`)},
		"DynamoDB.ListTables": {func(ctx context.Context, cfg aws.Config) error {
			_, err := dynamodb.NewFromConfig(cfg).ListTables(ctx, nil)
			return err
		}, map[string]string{"db.system.name": "aws.dynamodb"}},
		"S3.GetObject": {func(ctx context.Context, cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: new("uploads"), Key: new("secret/of/a/person")})
			return err
		}, map[string]string{"aws.s3.bucket": "uploads"}},
		"S3.ListBuckets": {func(ctx context.Context, cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
			return err
		}, map[string]string{}},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			body := "{}"
			if method == "S3.ListBuckets" {
				body = "<ListAllMyBucketsResult/>"
			}
			b := setup(t, awssdk.Config{}, func(int, received) answer { return answer{body: body} })
			if err := test.call(context.Background(), b.cfg); err != nil {
				t.Fatal(err)
			}
			got := attributes(b.span(t, method))
			for _, common := range []string{"rpc.system.name", "rpc.method", "cloud.region", "aws.request_id", "server.address", "server.port"} {
				delete(got, common)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			point := "rpc.method=" + strings.Replace(method, ".", "/", 1) + ",rpc.system.name=aws-api"
			if diff := cmp.Diff(map[string]int64{point: 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
				t.Errorf("call duration (-want +got):\n%s", diff)
			}
		})
	}
}

func key() map[string]ddbtypes.AttributeValue {
	return map[string]ddbtypes.AttributeValue{"id": &ddbtypes.AttributeValueMemberS{Value: "secret"}}
}

func tables(names string) map[string]string {
	return map[string]string{"db.system.name": "aws.dynamodb", "aws.dynamodb.table_names": names}
}
