package doctor

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const applyService = "apply iac/terraform/service"

var serviceChecks = []Check{
	{
		ID: "tasks", Hop: signal.HopService, needs: []string{needECS}, Page: "docs/runbooks/running-tasks.md",
		What: "as many tasks run as are wanted",
		look: lookTasks,
	},
	{
		ID: "container-insights", Hop: signal.HopService, needs: []string{needECS}, Page: "docs/runbooks/tasks-missing.md",
		What: "Container Insights is on: RunningTaskCount is its metric, and without it the alarm on missing tasks sees nothing",
		look: lookInsights,
	},
	{
		ID: "service-telemetry", Hop: signal.HopService, needs: []string{needECS}, Page: "docs/doctor.md#sampling",
		What: "the service samples and propagates as the description says",
		look: lookServiceTelemetry,
	},
	{
		ID: "service-settings", Hop: signal.HopService, needs: []string{needECS}, Page: "docs/service.md",
		What: "the service publishes to the topic of the description, and hangs its spans beneath the load balancer's where those are made",
		look: lookServiceSettings,
	},
}

// container is the name of the service's container in its task.
const container = "service"

// ecsService is nil if there is none.
func (e *exam) ecsService(ctx context.Context) (*ecstypes.Service, error) {
	return remember(e, "service", func() (*ecstypes.Service, error) {
		out, err := e.Clients.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(e.pipeline.ClusterName()), Services: []string{e.pipeline.ServiceName()}})
		if isCode(err, "ClusterNotFoundException") || err == nil && len(out.Services) == 0 {
			return nil, nil //nolint:nilnil // there is none
		}
		if err != nil {
			return nil, err
		}
		return &out.Services[0], nil
	})
}

// serviceSettings are nil if there is no service.
func (e *exam) serviceSettings(ctx context.Context) (settings, error) {
	return remember(e, "settings", func() (settings, error) {
		s, err := e.ecsService(ctx)
		if err != nil || s == nil {
			return nil, err
		}
		out, err := e.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
		if err != nil {
			return nil, err
		}
		all := settings{}
		if out.TaskDefinition == nil {
			return all, nil
		}
		for i := range out.TaskDefinition.ContainerDefinitions {
			c := &out.TaskDefinition.ContainerDefinitions[i]
			if aws.ToString(c.Name) != container {
				continue
			}
			for _, v := range c.Environment {
				all[aws.ToString(v.Name)] = aws.ToString(v.Value)
			}
		}
		return all, nil
	})
}

func lookTasks(ctx context.Context, e *exam) ([]Finding, error) {
	name := e.pipeline.ServiceName()
	s, err := e.ecsService(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case s == nil || aws.ToString(s.Status) != "ACTIVE":
		return []Finding{{Verdict: Fault, Subject: name, Found: "there is no active service of that name in " + e.pipeline.ClusterName(), Want: "a service", Mend: applyService}}, nil
	case s.RunningCount >= s.DesiredCount && s.RunningCount > 0:
		return []Finding{good(name, fmt.Sprintf("%d of %d tasks run", s.RunningCount, s.DesiredCount))}, nil
	}
	f := Finding{
		Verdict: Warning, Subject: name, Found: fmt.Sprintf("%d of %d tasks run, %d are pending", s.RunningCount, s.DesiredCount, s.PendingCount), Want: strconv.Itoa(int(s.DesiredCount)),
		Mend: "look at the events of the service, and why tasks stopped",
	}
	if s.RunningCount == 0 {
		f.Verdict = Fault
	}
	return []Finding{f}, nil
}

func lookInsights(ctx context.Context, e *exam) ([]Finding, error) {
	name := e.pipeline.ClusterName()
	out, err := e.Clients.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{name}, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldSettings}})
	if err != nil {
		return nil, err
	}
	if len(out.Clusters) == 0 {
		return []Finding{{Verdict: Fault, Subject: name, Found: "there is no such cluster", Want: "a cluster", Mend: applyService}}, nil
	}
	value := "disabled"
	for _, s := range out.Clusters[0].Settings {
		if s.Name == ecstypes.ClusterSettingNameContainerInsights {
			value = aws.ToString(s.Value)
		}
	}
	if value == "enhanced" { // which has all that enabled has
		return []Finding{good(name, "Container Insights is enhanced")}, nil
	}
	return []Finding{compare(name, "Container Insights", value, "enabled", applyService)}, nil
}

func lookServiceTelemetry(ctx context.Context, e *exam) ([]Finding, error) {
	s, err := e.serviceSettings(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	return e.judgeTelemetry(e.pipeline.ServiceName(), s, applyService), nil
}

func lookServiceSettings(ctx context.Context, e *exam) ([]Finding, error) {
	s, err := e.serviceSettings(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	p, name := e.pipeline, e.pipeline.ServiceName()
	spans := compare(name, "ALB_SPANS", orFalse(s["ALB_SPANS"]), strconv.FormatBool(p.Edge.ALBSpans), applyService)
	if spans.Verdict != OK {
		spans.Verdict, spans.Why = Warning, "its spans hang from one that never comes, or beside the load balancer's"
		spans.Mend += ", with albspans_package if edge.alb_spans is on"
	}
	return []Finding{
		compare(name, "the topic", nameOf(s["TOPIC_ARN"]), p.TopicName(), applyService),
		compare(name, varName, s[varName], p.TelemetryName(p.Service.Name), applyService),
		spans,
	}, nil
}
