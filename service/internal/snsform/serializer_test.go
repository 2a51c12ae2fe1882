package snsform_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/service/internal/snsform"
)

// input draws any input, valid or not.
func input(t *rapid.T) *sns.PublishBatchInput {
	text := func(name string) *string {
		return rapid.Ptr(rapid.String(), true).Draw(t, name)
	}
	in := &sns.PublishBatchInput{TopicArn: text("topic")}
	if !rapid.Bool().Draw(t, "entries at all") {
		return in
	}
	in.PublishBatchRequestEntries = make([]types.PublishBatchRequestEntry, rapid.IntRange(0, 25).Draw(t, "entries"))
	for i := range in.PublishBatchRequestEntries {
		e := &in.PublishBatchRequestEntries[i]
		e.Id, e.Message, e.Subject, e.MessageStructure = text("id"), text("message"), text("subject"), text("structure")
		e.MessageGroupId, e.MessageDeduplicationId = text("group"), text("deduplication")
		if rapid.Bool().Draw(t, "no attributes") {
			continue
		}
		e.MessageAttributes = map[string]types.MessageAttributeValue{}
		for range rapid.IntRange(0, 23).Draw(t, "attributes") {
			v := types.MessageAttributeValue{DataType: text("type"), StringValue: text("value")}
			if rapid.Bool().Draw(t, "binary") {
				v.BinaryValue = rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
			}
			e.MessageAttributes[rapid.String().Draw(t, "name")] = v
		}
	}
	return in
}

func TestSerializer_AnyInput_SameRequestAsTheSDK(t *testing.T) {
	t.Parallel()
	sdk, ours := serializers(t)
	rapid.Check(t, func(r *rapid.T) {
		in := input(r)
		path := rapid.SampledFrom([]string{"", "/", "/a", "/a/", "/a//b/..", "a", "//"}).Draw(r, "path")
		query := rapid.SampledFrom([]string{"", "b=1&a=2"}).Draw(r, "query")
		want, got := made(t, sdk, in, path, query), made(t, ours, in, path, query)
		if got != want {
			r.Fatalf("the SDK makes\n%+v\nand this package\n%+v", want, got)
		}
		if got.body != got.again || int64(len(got.body)) != got.length || got.length != got.streamLength || !got.seekable {
			r.Fatalf("not to be sent twice: %+v", got)
		}
	})
}

// A field that a new version of the SDK brings must be written, too.
func TestSerializer_FieldsOfTheSDK_AreTheKnownOnes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of   any
		want []string
	}{
		{sns.PublishBatchInput{}, []string{"PublishBatchRequestEntries", "TopicArn"}},
		{types.PublishBatchRequestEntry{}, []string{
			"Id", "Message", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "MessageStructure", "Subject",
		}},
		{types.MessageAttributeValue{}, []string{"BinaryValue", "DataType", "StringValue"}},
	} {
		var got []string
		for f := range reflect.TypeOf(tt.of).Fields() {
			if f.IsExported() {
				got = append(got, f.Name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%T has the fields %q, and this package writes %q", tt.of, got, tt.want)
		}
	}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func newClient(do clientFunc, options ...func(*middleware.Stack) error) *sns.Client {
	return sns.New(sns.Options{
		Region: "eu-west-1", HTTPClient: do, APIOptions: options, RetryMaxAttempts: 3,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
	})
}

func answer(r *http.Request, status int) *http.Response {
	body := `<PublishBatchResponse><PublishBatchResult><Failed/><Successful/></PublishBatchResult></PublishBatchResponse>`
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// batch is what the service sends: ten events with five attributes each.
func batch() *sns.PublishBatchInput {
	in := &sns.PublishBatchInput{TopicArn: new("arn:aws:sns:eu-west-1:123456789012:orders")}
	for i := range 10 {
		attrs := map[string]types.MessageAttributeValue{}
		for k := range 5 {
			attrs[fmt.Sprintf("name-%d", k)] = types.MessageAttributeValue{DataType: new("String"), StringValue: new("a value with spaces")}
		}
		in.PublishBatchRequestEntries = append(in.PublishBatchRequestEntries, types.PublishBatchRequestEntry{
			Id: new(strconv.Itoa(i)), Message: new(`{"specversion":"1.0","id":"` + strings.Repeat("ä", 100) + `"}`), MessageAttributes: attrs,
		})
	}
	return in
}

func TestUse_CallFailsOnce_SameBytesAreSentAgain(t *testing.T) {
	t.Parallel()
	var bodies, signatures []string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		bodies, signatures = append(bodies, string(body)), append(signatures, r.Header.Get("Authorization"))
		if r.ContentLength != int64(len(body)) {
			t.Errorf("Content-Length is %d, of %d bytes", r.ContentLength, len(body))
		}
		if len(bodies) == 1 {
			return answer(r, http.StatusServiceUnavailable), err
		}
		return answer(r, http.StatusOK), err
	}, snsform.Use)
	if _, err := client.PublishBatch(context.Background(), batch()); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] || !strings.HasPrefix(bodies[0], "Action=PublishBatch&") {
		t.Errorf("%d attempts, the first with %.100q, the last with %.100q", len(bodies), bodies[0], bodies[len(bodies)-1])
	}
	if !strings.HasPrefix(signatures[0], "AWS4-HMAC-SHA256 ") {
		t.Errorf("Authorization = %q", signatures[0])
	}
}

// An HTTP client may go on reading when it has given up: it must not see what
// the next call sends.
func TestUse_ClientReadsAfterTheCall_GetsNothing(t *testing.T) {
	t.Parallel()
	var late io.Reader
	client := newClient(func(r *http.Request) (*http.Response, error) {
		late = r.Body
		return answer(r, http.StatusOK), nil
	}, snsform.Use)
	if _, err := client.PublishBatch(context.Background(), batch()); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(late); len(text) > 0 || err != nil {
		t.Errorf("read %.50q, %v after the call", text, err)
	}
}

// Middleware may keep the request, to log it say. When the call is over, it must
// not see what another one sends.
func TestUse_MiddlewareKeepsTheRequest_SeesNoOtherCall(t *testing.T) {
	t.Parallel()
	var kept []*smithyhttp.Request
	client := newClient(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK), nil },
		snsform.Use, func(stack *middleware.Stack) error {
			return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("keep", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) ( //nolint:misspell // smithy's
				middleware.FinalizeOutput, middleware.Metadata, error,
			) {
				if r, ok := in.Request.(*smithyhttp.Request); ok {
					kept = append(kept, r)
				}
				if len(kept) > 1 { // the second call is under way
					if text, err := io.ReadAll(kept[0].GetStream()); len(text) > 0 || err == nil {
						t.Errorf("read %.50q, %v of the first call's request", text, err)
					}
				}
				return next.HandleFinalize(ctx, in)
			}), middleware.Before)
		})
	for range 2 {
		if _, err := client.PublishBatch(context.Background(), batch()); err != nil {
			t.Fatal(err)
		}
	}
}

// counting is a serializer of a user's own, around the SDK's.
type counting struct {
	middleware.SerializeMiddleware

	calls *int
}

func (c counting) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	middleware.SerializeOutput, middleware.Metadata, error,
) {
	*c.calls++
	return c.SerializeMiddleware.HandleSerialize(ctx, in, next)
}

func TestUse_SerializerOfAUsersOwn_IsKept(t *testing.T) {
	t.Parallel()
	calls := 0
	client := newClient(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK), nil },
		func(stack *middleware.Stack) error {
			sdk, _ := stack.Serialize.Get("OperationSerializer")                         //nolint:misspell // smithy's
			_, err := stack.Serialize.Swap("OperationSerializer", counting{sdk, &calls}) //nolint:misspell // likewise
			return err
		}, snsform.Use)
	if _, err := client.PublishBatch(context.Background(), batch()); err != nil || calls != 1 {
		t.Errorf("the user's serializer was called %d times, want once; %v", calls, err)
	}
}

func TestUse_OtherOperations_KeepTheSDKs(t *testing.T) {
	t.Parallel()
	errSeen := errors.New("seen")
	client := newClient(nil, func(stack *middleware.Stack) error {
		before, _ := stack.Serialize.Get("OperationSerializer") //nolint:misspell // smithy's
		err := snsform.Use(stack)
		if after, _ := stack.Serialize.Get("OperationSerializer"); after != before { //nolint:misspell // likewise
			t.Errorf("%s has another serializer", stack.ID())
		}
		return errors.Join(err, errSeen)
	})
	if _, err := client.Publish(context.Background(), &sns.PublishInput{}); !errors.Is(err, errSeen) {
		t.Fatal(err)
	}
}

// handle runs a serializer alone.
func handle(m middleware.SerializeMiddleware, in *sns.PublishBatchInput, request any) {
	_, _, _ = m.HandleSerialize(context.Background(), middleware.SerializeInput{Parameters: in, Request: request},
		middleware.SerializeHandlerFunc(func(context.Context, middleware.SerializeInput) (middleware.SerializeOutput, middleware.Metadata, error) {
			return middleware.SerializeOutput{}, middleware.Metadata{}, nil
		}))
}

func BenchmarkSerializer_TenEvents(b *testing.B) {
	sdk, ours := serializers(b)
	for name, m := range map[string]middleware.SerializeMiddleware{"sdk": sdk, "ours": ours} {
		b.Run(name, func(b *testing.B) {
			in := batch()
			b.ReportAllocs()
			for b.Loop() {
				handle(m, in, newRequest())
			}
		})
	}
}
