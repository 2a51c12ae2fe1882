package dashboards

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Names of variables that every board has.
const (
	varEnvironment = "environment"
	varPipeline    = "pipeline"
	varVersion     = "version"
)

// prefix is what names of a pipeline begin with, and how that is written with
// variables.
type prefix struct{ is, written string }

// prefixesOf are the beginnings of names, the longest first.
func prefixesOf(p *pipeline.Pipeline) []prefix {
	var all []prefix
	for _, before := range []string{"", "Tracehaul/"} { // the latter in namespaces of what is counted from log lines
		all = append(all,
			prefix{before + p.Prefix(), before + "${" + varEnvironment + "}-${" + varPipeline + "}"},
			prefix{before + p.Environment + "-", before + "${" + varEnvironment + "}-"})
	}
	return all
}

// written is a name with the variables that it is made of.
func written(prefixes []prefix, name string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(name, p.is); ok {
			return p.written + rest
		}
	}
	return name
}

// variables are the definitions of the variables that the board uses, in a
// fixed order.
func (d *drawing) variables() []dashboard.VariableModel {
	var list []dashboard.VariableModel
	add := func(v dashboard.VariableModel) {
		if _, used := d.used[v.Name]; used {
			list = append(list, v)
		}
	}
	add(constant(varEnvironment, "Environment", d.pipeline.Environment))
	add(constant(varPipeline, "Pipeline", d.pipeline.Product))
	for s := range sources {
		if uid := d.uids[s]; uid != "" {
			add(dashboard.VariableModel{
				Type: dashboard.VariableTypeDatasource, Name: sourceNames[s].variable, Label: &sourceNames[s].label,
				Query: &dashboard.StringOrMap{String: &sourceNames[s].plugin}, Current: option(uid, uid),
			})
		}
	}
	d.addInputs(add)
	add(d.versions())
	for i, group := range d.logGroups {
		list = append(list, d.lookUp(logVariable(i), "Log group "+group, dashboard.StringOrMap{Map: map[string]any{
			"queryType": "logGroups", "region": d.pipeline.Region, "logGroupPrefix": group, "refId": "LogGroups",
		}}, "/^.*"+strings.ReplaceAll(group, "/", escapedSlash)+"(?::\\*)?$/"))
	}
	return list
}

// constant is a variable with one value, so that whoever looks at the board
// sees which pipeline it is. Another environment has other thresholds, and a
// board of its own.
func constant(name, label, value string) dashboard.VariableModel {
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeCustom, Name: name, Label: &label, Query: &dashboard.StringOrMap{String: &value},
		Current: option(value, value), Options: []dashboard.VariableOption{*option(value, value)}, SkipUrlSync: new(true), AllowCustomValue: new(false),
	}
}

func option(text, value string) *dashboard.VariableOption {
	return &dashboard.VariableOption{
		Selected: new(true), Text: dashboard.StringOrArrayOfString{String: &text}, Value: dashboard.StringOrArrayOfString{String: &value},
	}
}

// addInputs adds the variables that look up what AWS chooses: the load balancer
// and its target groups, found by the names that the pipeline gives them. They
// are not asked for as dimensions of metrics: a target group that has had no
// requests for two weeks has none. (ListMetrics, CloudWatch API reference.)
// Grafana's role needs tag:GetResources.
func (d *drawing) addInputs(add func(dashboard.VariableModel)) {
	groups := d.pipeline.TargetGroupNames()
	for _, v := range []struct {
		input                      signal.Input
		label, resource, end, name string
	}{
		{signal.InputLoadBalancer, "Load balancer", "loadbalancer", "app/", d.pipeline.LoadBalancerName()},
		{signal.InputTargetGroupA, "Target group a", "targetgroup", "targetgroup/", groups[0]},
		{signal.InputTargetGroupB, "Target group b", "targetgroup", "targetgroup/", groups[1]},
	} {
		query := "resource_arns(" + d.pipeline.Region + ", elasticloadbalancing:" + v.resource + ", {})"
		// What is captured is the value: the end of the ARN.
		pattern := "/:(?:loadbalancer" + escapedSlash + ")?(" + strings.ReplaceAll(v.end+v.name+"/", "/", escapedSlash) + "\\w+)$/"
		add(d.lookUp(string(v.input), v.label, dashboard.StringOrMap{String: &query}, pattern))
	}
}

// lookUp is a variable that CloudWatch is asked for. It is hidden: there is
// nothing to choose.
func (d *drawing) lookUp(name, label string, query dashboard.StringOrMap, pattern string) dashboard.VariableModel {
	d.use(sourceNames[fromCloudWatch].variable)
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: name, Label: &label, Datasource: &refs[fromCloudWatch], Query: &query, Regex: &pattern,
		Hide: new(dashboard.VariableHideHideVariable), Refresh: new(dashboard.VariableRefreshOnDashboardLoad), SkipUrlSync: new(true),
	}
}

// escapedSlash is a slash within an expression that slashes enclose.
const escapedSlash = `\/`

// versions are those of the service and the consumers.
func (d *drawing) versions() dashboard.VariableModel {
	query := "label_values({" + d.selectorAll() + "}, service_version)"
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: varVersion, Label: new("Version"), Datasource: &refs[fromPrometheus],
		Query: &dashboard.StringOrMap{String: &query}, Refresh: new(dashboard.VariableRefreshOnTimeRangeChanged), Sort: new(dashboard.VariableSortNaturalDesc),
		Multi: new(true), IncludeAll: new(true), AllValue: new(".*"), Current: option("All", "$__all"),
	}
}
