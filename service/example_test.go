package service_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tracehaul/tracehaul/service"
)

// topic stands for an SNS client, which service.NewSNS makes.
type topic struct{}

func (topic) PublishBatch(_ context.Context, in *sns.PublishBatchInput, _ ...func(*sns.Options)) (*sns.PublishBatchOutput, error) {
	out := &sns.PublishBatchOutput{}
	for _, e := range in.PublishBatchRequestEntries {
		fmt.Println("published:", *e.Message)
		out.Successful = append(out.Successful, snstypes.PublishBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func Example() {
	s, err := service.New(service.Config{
		TopicARN: "arn:aws:sns:eu-west-1:123456789012:prod-shop-orders",
		SNS:      topic{},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(s.Handler()) // or s.Run(ctx, listener)
	defer server.Close()

	res, err := http.Post(server.URL+"/v1/events", "application/cloudevents+json", strings.NewReader(
		`{"specversion":"1.0","id":"order-17","source":"/web","type":"com.example.order.placed","data":{"total":12}}`))
	if err != nil {
		log.Panic(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body))
	// Output:
	// published: {"specversion":"1.0","id":"order-17","source":"/web","type":"com.example.order.placed","data":{"total":12}}
	// 202 {"id":"order-17","source":"/web","status":"accepted"}
}

// One event at fault refuses its batch, and the answer says which one it is.
func Example_refused() {
	s, err := service.New(service.Config{TopicARN: "arn:aws:sns:eu-west-1:123456789012:prod-shop-orders", SNS: topic{}})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(
		`[{"specversion":"1.0","id":"order-17","source":"/web","type":"com.example.order.placed"},
		  {"specversion":"1.0","id":"order-18","source":"/web"}]`))
	r.Header.Set("Content-Type", "application/cloudevents-batch+json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 422 application/problem+json
	// {"type":"https://github.com/tracehaul/tracehaul/blob/main/service/PROBLEMS.md#missing_attribute","title":"Missing attribute","status":422,"detail":"event 1: type: the required attribute is missing or empty","code":"missing_attribute","index":1,"field":"type"}
}
