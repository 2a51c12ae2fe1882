package awssdk_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

func TestInstrument_SecretsManager_TellsOfTheCallNotOfTheSecret(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer {
		return answer{body: `{"Name":"db","SecretString":"hunter2"}`, header: map[string]string{"X-Amz-Id-2": "extended"}}
	})
	out, err := secretsmanager.NewFromConfig(b.cfg).GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: new("db")})
	if err != nil || *out.SecretString != "hunter2" {
		t.Fatalf("GetSecretValue: %v", err)
	}
	span := b.span(t, "Secrets Manager.GetSecretValue")
	attrs := attributes(span)
	delete(attrs, "server.port")
	want := map[string]string{
		"rpc.system.name": "aws-api", "rpc.method": "Secrets Manager/GetSecretValue", "cloud.region": "eu-west-1",
		"aws.request_id": request, "aws.extended_request_id": "extended", "server.address": "127.0.0.1",
	}
	if diff := cmp.Diff(want, attrs); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if span.SpanKind() != trace.SpanKindClient {
		t.Errorf("kind = %v", span.SpanKind())
	}
	if diff := cmp.Diff(map[string]int64{"rpc.method=Secrets Manager/GetSecretValue,rpc.system.name=aws-api": 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
		t.Errorf("call duration (-want +got):\n%s", diff)
	}
	if got := b.points(t, "messaging.client.operation.duration"); len(got) != 0 {
		t.Errorf("a call that is no messaging operation is counted as one: %v", got)
	}
}

func TestInstrument_Durations_HaveOurBuckets(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	if _, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{TopicArn: new(topicARN), Message: new("x")}); err != nil {
		t.Fatal(err)
	}
	var rm metricdata.ResourceMetrics
	if err := b.reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	histograms := 0
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			h, ok := m.Data.(metricdata.Histogram[float64])
			if !ok {
				continue
			}
			histograms++
			if diff := cmp.Diff(semconv.DurationBuckets(), h.DataPoints[0].Bounds); m.Unit != "s" || diff != "" {
				t.Errorf("%s in %s (-want +got):\n%s", m.Name, m.Unit, diff)
			}
			if len(h.DataPoints[0].Exemplars) == 0 {
				t.Errorf("%s has no exemplar: it was recorded outside of the span", m.Name)
			}
		}
	}
	if histograms != 2 {
		t.Errorf("%d histograms, want 2", histograms)
	}
}

// CloudWatch speaks CBOR, and its waiter calls until the answer is right.
func TestInstrument_WaiterAndPaginator_EveryCallHasASpan(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(n int, r received) answer {
		switch {
		case r.action == "ListQueues" && r.json["NextToken"] == nil:
			return answer{body: `{"QueueUrls":["a"],"NextToken":"more"}`}
		case r.action == "ListQueues":
			return answer{body: `{"QueueUrls":["b"]}`}
		case n == 1:
			return answer{body: "\xa0"} // {}
		default:
			return answer{body: "\xa1\x6cMetricAlarms\x81\xa0"} // {"MetricAlarms": [{}]}
		}
	})
	waiter := cloudwatch.NewAlarmExistsWaiter(cloudwatch.NewFromConfig(b.cfg), func(o *cloudwatch.AlarmExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	if err := waiter.Wait(context.Background(), &cloudwatch.DescribeAlarmsInput{}, time.Minute); err != nil {
		t.Fatalf("Wait: %v", err)
	}
	pages := sqs.NewListQueuesPaginator(sqs.NewFromConfig(b.cfg), &sqs.ListQueuesInput{MaxResults: new(int32(1))})
	for pages.HasMorePages() {
		if _, err := pages.NextPage(context.Background()); err != nil {
			t.Fatalf("NextPage: %v", err)
		}
	}
	names := map[string]int{}
	for _, s := range b.spans.Ended() {
		names[s.Name()]++
	}
	if diff := cmp.Diff(map[string]int{"CloudWatch.DescribeAlarms": 2, "SQS.ListQueues": 2}, names); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func TestInstrument_Presigning_MakesNoCallAndNoSpan(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{HeaderPropagator: xray.Propagator{}}, func(int, received) answer { return answer{} })
	signed, err := sts.NewPresignClient(sts.NewFromConfig(b.cfg)).PresignGetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil || !strings.Contains(signed.URL, "X-Amz-Signature") {
		t.Fatalf("PresignGetCallerIdentity = %+v, %v", signed, err)
	}
	if got := signed.SignedHeader.Get(xray.HeaderName); got != "" {
		t.Errorf("the signed request has a trace header %q", got)
	}
	if n := len(b.spans.Ended()); n != 0 {
		t.Errorf("%d spans, want none", n)
	}
	if got := b.points(t, "rpc.client.call.duration"); len(got) != 0 {
		t.Errorf("call duration = %v, want none", got)
	}
}

func TestInstrument_Twice_OneSpan(t *testing.T) {
	t.Parallel()
	c := awssdk.Config{}
	b := newBundle(t, &c, func(_ int, r received) answer { return snsOK(r) })
	awssdk.Instrument(&b.cfg, c)
	awssdk.Instrument(&b.cfg, c)
	if _, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{TopicArn: new(topicARN), Message: new("x")}); err != nil {
		t.Fatal(err)
	}
	b.span(t, "send events")
}

func TestInstrument_OtherConfigurationsAndClients_AreNotTouched(t *testing.T) {
	t.Parallel()
	c := awssdk.Config{}
	b := newBundle(t, &c, func(_ int, r received) answer { return snsOK(r) })
	// A slice with room at its end, which a copy of the configuration shares.
	b.cfg.APIOptions = append(make([]func(*middlewareStack) error, 0, 8), func(*middlewareStack) error { return nil })
	before, other := sns.NewFromConfig(b.cfg), b.cfg.Copy()
	awssdk.Instrument(&b.cfg, c)
	other.APIOptions = append(other.APIOptions, func(*middlewareStack) error { return nil })
	after := sns.NewFromConfig(b.cfg)

	in := &sns.PublishInput{TopicArn: new(topicARN), Message: new("x")}
	for name, client := range map[string]*sns.Client{"made before": before, "from a copy": sns.NewFromConfig(other)} {
		if _, err := client.Publish(context.Background(), in); err != nil {
			t.Fatal(err)
		}
		if n := len(b.spans.Ended()); n != 0 {
			t.Errorf("a client %s has %d spans", name, n)
		}
	}
	if _, err := after.Publish(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	b.span(t, "send events")
}

func TestInstrument_ManyClientsAtOnce_KeepCallsApart(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	var group sync.WaitGroup
	for range 8 {
		client := sns.NewFromConfig(b.cfg)
		group.Go(func() {
			for range 20 {
				if _, err := client.Publish(context.Background(), &sns.PublishInput{TopicArn: new(topicARN), Message: new("x")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	carried := map[string]bool{}
	for _, r := range b.received(t, 160) {
		carried[r.attribute(0, "traceparent")] = true
	}
	for _, s := range b.spans.Ended() {
		if !carried[traceparentOf(s.SpanContext())] {
			t.Errorf("no message carries span %v", s.SpanContext().SpanID())
		}
	}
	if len(carried) != 160 {
		t.Errorf("%d contexts were carried, want 160", len(carried))
	}
}

func TestHeaderPropagator_XRay_IsSentAndKeepsLineage(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{HeaderPropagator: xray.Propagator{}}, func(n int, _ received) answer {
		if n == 1 {
			return sqsError(500, "InternalError")
		}
		return answer{body: `{}`}
	})
	const lineage = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a87bd80c:0"
	client := sqs.NewFromConfig(b.cfg, func(o *sqs.Options) {
		o.APIOptions = append(o.APIOptions, setHeader(xray.HeaderName, lineage)) // as the SDK does in Lambda
	})
	if _, err := client.ListQueues(context.Background(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	sc := b.span(t, "SQS.ListQueues").SpanContext()
	want := xray.Header{Root: sc.TraceID(), Parent: sc.SpanID(), Sampled: xray.Sampled, Lineage: "a87bd80c:0"}.String()
	for n, r := range b.received(t, 2) {
		if got := r.header.Get(xray.HeaderName); got != want {
			t.Errorf("attempt %d: header = %q, want %q", n+1, got, want)
		}
	}
}

func TestInstrument_NoHeaderPropagator_LeavesHeadersAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer { return answer{body: `{}`} })
	if _, err := sqs.NewFromConfig(b.cfg).ListQueues(context.Background(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	h := b.received(t, 1)[0].header
	if h.Get("traceparent") != "" || h.Get(xray.HeaderName) != "" {
		t.Errorf("headers = %v", h)
	}
}
