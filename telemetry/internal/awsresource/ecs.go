package awsresource

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ECS asks the task metadata endpoint, version 4, at base: the value of
// ECS_CONTAINER_METADATA_URI_V4. It keeps to ctx. When the endpoint does not
// answer, or not in full, it returns what it has, with the error.
func ECS(ctx context.Context, base string) ([]attribute.KeyValue, error) {
	transport := &http.Transport{} // no proxy: the endpoint is link-local
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var (
		container    containerMetadata
		task         taskMetadata
		containerErr error
		taskErr      error
		wg           sync.WaitGroup
	)
	wg.Go(func() { containerErr = get(ctx, client, base, &container) })
	wg.Go(func() { taskErr = get(ctx, client, base+"/task", &task) })
	wg.Wait()
	attrs := attributes(container, task)
	if containerErr != nil {
		return attrs, fmt.Errorf("ECS container metadata: %w", containerErr)
	}
	if taskErr != nil {
		return attrs, fmt.Errorf("ECS task metadata: %w", taskErr)
	}
	return attrs, nil
}

// The parts of the responses that are used: see "Amazon ECS task metadata V4
// JSON response" in the ECS developer guide.
type (
	containerMetadata struct {
		ID           string `json:"DockerId"`
		Name         string
		Image        string
		ContainerARN string
		LogDriver    string
		LogOptions   struct {
			Group  string `json:"awslogs-group"`
			Stream string `json:"awslogs-stream"`
			Region string `json:"awslogs-region"`
		}
	}
	taskMetadata struct {
		Cluster          string // an ARN, or the short name
		TaskARN          string
		Family           string
		Revision         string
		AvailabilityZone string
		LaunchType       string
	}
)

// maxMetadata is how much of a response is read. A task with ten containers
// has about 15 KB.
const maxMetadata = 1 << 20

func get(ctx context.Context, client *http.Client, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the endpoint answered %s", resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxMetadata)).Decode(into)
}

// attributes are those of the conventions' "AWS ECS", "Container", "Cloud" and
// "AWS Logs" resources.
func attributes(c containerMetadata, t taskMetadata) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.CloudProviderAWS, semconv.CloudPlatformAWSECS}
	task, ok := parseARN(t.TaskARN)
	if ok {
		attrs = appendString(attrs, semconv.CloudRegionKey, task.region)
		attrs = appendString(attrs, semconv.CloudAccountIDKey, task.account)
		attrs = append(attrs, semconv.AWSECSTaskARN(t.TaskARN),
			semconv.AWSECSTaskID(t.TaskARN[strings.LastIndexByte(t.TaskARN, '/')+1:]))
		if t.Cluster != "" && !strings.HasPrefix(t.Cluster, "arn:") {
			t.Cluster = task.sibling("ecs", task.region, "cluster/"+t.Cluster)
		}
	}
	if strings.HasPrefix(t.Cluster, "arn:") {
		attrs = append(attrs, semconv.AWSECSClusterARN(t.Cluster))
	}
	attrs = appendString(attrs, semconv.CloudAvailabilityZoneKey, t.AvailabilityZone)
	attrs = appendString(attrs, semconv.AWSECSTaskFamilyKey, t.Family)
	attrs = appendString(attrs, semconv.AWSECSTaskRevisionKey, t.Revision)
	attrs = appendString(attrs, semconv.AWSECSLaunchtypeKey, strings.ToLower(t.LaunchType))
	attrs = appendString(attrs, semconv.AWSECSContainerARNKey, c.ContainerARN)
	attrs = appendString(attrs, semconv.CloudResourceIDKey, c.ContainerARN)
	attrs = appendString(attrs, semconv.ContainerIDKey, c.ID)
	attrs = appendString(attrs, semconv.ContainerNameKey, c.Name)
	attrs = appendImage(attrs, c.Image)
	if c.LogDriver == "awslogs" && ok {
		attrs = appendLogs(attrs, c, task)
	}
	return attrs
}

// appendImage takes an image reference apart: name[:tag][@digest], where the
// name may hold a registry with a port.
func appendImage(attrs []attribute.KeyValue, image string) []attribute.KeyValue {
	name, _, _ := strings.Cut(image, "@")
	tag := ""
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name, tag = name[:colon], name[colon+1:]
	}
	attrs = appendString(attrs, semconv.ContainerImageNameKey, name)
	if tag != "" {
		attrs = append(attrs, semconv.ContainerImageTags(tag))
	}
	return attrs
}

func appendLogs(attrs []attribute.KeyValue, c containerMetadata, task arn) []attribute.KeyValue {
	region := c.LogOptions.Region
	if region == "" {
		region = task.region
	}
	if group := c.LogOptions.Group; group != "" {
		group := "log-group:" + group
		attrs = append(attrs, semconv.AWSLogGroupNames(c.LogOptions.Group),
			semconv.AWSLogGroupARNs(task.sibling("logs", region, group+":*")))
		if stream := c.LogOptions.Stream; stream != "" {
			attrs = append(attrs, semconv.AWSLogStreamNames(stream),
				semconv.AWSLogStreamARNs(task.sibling("logs", region, group+":log-stream:"+stream)))
		}
	}
	return attrs
}

// arn is a parsed Amazon Resource Name:
// arn:partition:service:region:account:resource.
type arn struct{ partition, region, account string }

func parseARN(s string) (arn, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return arn{}, false
	}
	return arn{partition: parts[1], region: parts[3], account: parts[4]}, true
}

// sibling is the ARN of another resource of the same account.
func (a arn) sibling(service, region, resource string) string {
	return "arn:" + a.partition + ":" + service + ":" + region + ":" + a.account + ":" + resource
}
