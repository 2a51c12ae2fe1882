package awssdk_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

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

// A call that nobody will see is not searched for what it is about.
func TestInstrument_NotSampled_ResourcesAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	cfg := aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		HTTPClient: clientFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		}),
	}
	traced := cfg.Copy()
	awssdk.Instrument(&traced, awssdk.Config{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())),
		MeterProvider:  metricnoop.NewMeterProvider(),
	})
	added := func(call func(aws.Config) func() error) float64 {
		run := func(call func() error) float64 {
			return testing.AllocsPerRun(100, func() {
				if err := call(); err != nil {
					t.Error(err)
				}
			})
		}
		return run(call(traced)) - run(call(cfg))
	}
	get := &dynamodb.GetItemInput{TableName: new("orders"), Key: key()}
	write := &dynamodb.TransactWriteItemsInput{ClientRequestToken: new("token")}
	for range 100 {
		write.TransactItems = append(write.TransactItems, ddbtypes.TransactWriteItem{Put: &ddbtypes.Put{TableName: new("orders"), Item: key()}})
	}
	none := added(func(cfg aws.Config) func() error {
		c := sqs.NewFromConfig(cfg)
		return func() error { _, err := c.ListQueues(t.Context(), nil); return err }
	})
	for name, n := range map[string]float64{
		"GetItem": added(func(cfg aws.Config) func() error {
			c := dynamodb.NewFromConfig(cfg)
			return func() error { _, err := c.GetItem(t.Context(), get); return err }
		}),
		"TransactWriteItems of 100": added(func(cfg aws.Config) func() error {
			c := dynamodb.NewFromConfig(cfg)
			return func() error { _, err := c.TransactWriteItems(t.Context(), write); return err }
		}),
	} {
		if n > none {
			t.Errorf("%s: %v allocations are added, want the %v of a call that is about nothing", name, n, none)
		}
	}
}

func key() map[string]ddbtypes.AttributeValue {
	return map[string]ddbtypes.AttributeValue{"id": &ddbtypes.AttributeValueMemberS{Value: "secret"}}
}

func tables(names string) map[string]string {
	return map[string]string{"db.system.name": "aws.dynamodb", "aws.dynamodb.table_names": names}
}
