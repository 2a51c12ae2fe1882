package awsresource

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// endpoint serves the two documents of the task metadata endpoint. An empty
// file name answers 404, "hang" not at all.
func endpoint(t *testing.T, container, task string) string {
	t.Helper()
	released := make(chan struct{})
	serve := func(file string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch file {
			case "hang":
				<-released
			default:
				http.ServeFile(w, r, "testdata/"+file)
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v4/id", serve(container))
	mux.HandleFunc("GET /v4/id/task", serve(task))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	return server.URL + "/v4/id"
}

func texts(attrs []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range attrs {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

func TestECS_Fargate_AllAttributes(t *testing.T) {
	attrs, err := ECS(t.Context(), endpoint(t, "container.json", "task.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"cloud.provider":          "aws",
		"cloud.platform":          "aws_ecs",
		"cloud.region":            "eu-west-1",
		"cloud.account.id":        "111122223333",
		"cloud.availability_zone": "eu-west-1a",
		"cloud.resource_id":       "arn:aws:ecs:eu-west-1:111122223333:container/05966557-f16c-49cb-9352-24b3a0dcd0e1",
		"aws.ecs.container.arn":   "arn:aws:ecs:eu-west-1:111122223333:container/05966557-f16c-49cb-9352-24b3a0dcd0e1",
		"aws.ecs.cluster.arn":     "arn:aws:ecs:eu-west-1:111122223333:cluster/prod",
		"aws.ecs.launchtype":      "fargate",
		"aws.ecs.task.arn":        "arn:aws:ecs:eu-west-1:111122223333:task/prod/cd189a933e5849daa93386466019ab50",
		"aws.ecs.task.id":         "cd189a933e5849daa93386466019ab50",
		"aws.ecs.task.family":     "prod-orders-service",
		"aws.ecs.task.revision":   "17",
		"container.id":            "cd189a933e5849daa93386466019ab50-2495160603",
		"container.name":          "service",
		"container.image.name":    "111122223333.dkr.ecr.eu-west-1.amazonaws.com:443/orders/service",
		"container.image.tags":    `["1.4.2"]`,
		"aws.log.group.names":     `["/ecs/prod-orders-service"]`,
		"aws.log.group.arns":      `["arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/prod-orders-service:*"]`,
		"aws.log.stream.names":    `["ecs/service/cd189a933e5849daa93386466019ab50"]`,
		"aws.log.stream.arns":     `["arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/prod-orders-service:log-stream:ecs/service/cd189a933e5849daa93386466019ab50"]`,
	}
	if diff := cmp.Diff(want, texts(attrs)); diff != "" {
		t.Error(diff)
	}
}

func TestECS_ShortClusterName_MadeAnARN(t *testing.T) {
	attrs := attributes(containerMetadata{}, taskMetadata{Cluster: "prod", TaskARN: "arn:aws-cn:ecs:cn-north-1:111122223333:task/x"})
	if got := texts(attrs)["aws.ecs.cluster.arn"]; got != "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/prod" {
		t.Errorf("got %s", got)
	}
}

func TestECS_Faults_WhatIsKnownAndAnError(t *testing.T) {
	tests := map[string]struct {
		container, task string
		time            time.Duration
		wantErr         string
		want            []string
	}{
		"TaskMissing":      {container: "container.json", task: "", time: time.Minute, wantErr: "404", want: []string{"cloud.platform", "container.name"}},
		"ContainerMissing": {container: "", task: "task.json", time: time.Minute, wantErr: "404", want: []string{"cloud.platform", "aws.ecs.task.arn"}},
		"ContainerHangs":   {container: "hang", task: "task.json", time: 2 * time.Second, wantErr: "deadline", want: []string{"cloud.platform", "aws.ecs.task.arn"}},
		"NotJSON":          {container: "../doc.go", task: "task.json", time: time.Minute, wantErr: "invalid character", want: []string{"cloud.platform"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tc.time)
			defer cancel()
			base := endpoint(t, tc.container, tc.task)
			if name == "NotJSON" {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("oops")) }))
				defer server.Close()
				base = server.URL
			}
			attrs, err := ECS(ctx, base)
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("error %v, want %s", err, tc.wantErr)
			}
			got := texts(attrs)
			for _, key := range tc.want {
				if got[key] == "" {
					t.Errorf("%s is missing from %v", key, got)
				}
			}
		})
	}
}

func TestECS_NobodyThere_ErrorInTime(t *testing.T) {
	if _, err := ECS(t.Context(), "http://127.0.0.1:1/v4/id"); err == nil {
		t.Error("no error")
	}
}

// FuzzAttributes: whatever the endpoint answers, the attributes can be made,
// and no key is there twice.
func FuzzAttributes(f *testing.F) {
	for _, file := range []string{"container.json", "task.json"} {
		b, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Add([]byte(`{"Image":":@/","LogDriver":"awslogs"}`), []byte(`{"TaskARN":"arn:::::","Cluster":"x"}`))
	f.Fuzz(func(t *testing.T, container, task []byte) {
		var c containerMetadata
		var k taskMetadata
		if json.Unmarshal(container, &c) != nil || json.Unmarshal(task, &k) != nil {
			return
		}
		seen := map[attribute.Key]bool{}
		for _, kv := range attributes(c, k) {
			if seen[kv.Key] {
				t.Errorf("%s is there twice", kv.Key)
			}
			seen[kv.Key] = true
			if kv.Value.Type() == attribute.STRING && kv.Value.AsString() == "" {
				t.Errorf("%s is empty", kv.Key)
			}
		}
	})
}
