package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"

	"github.com/tracehaul/tracehaul/pipeline"
)

// source is a kind of data source.
type source int

// Data sources.
const (
	fromNothing    source = iota
	fromCloudWatch        // metrics, and logs by Logs Insights
	fromPrometheus        // or what is compatible: OpenTelemetry's metrics
	fromTempo
	fromXRay
	fromLoki
	fromPostgres // the pipeline's own database
	sources
)

// sourceNames are the ids of Grafana's plugins, and the names of the variables
// that choose the data source.
var sourceNames = [sources]struct{ plugin, variable, label string }{
	fromCloudWatch: {"cloudwatch", "cloudwatch", "CloudWatch"},
	fromPrometheus: {"prometheus", "prometheus", "Prometheus"},
	fromTempo:      {"tempo", "tempo", "Tempo"},
	fromXRay:       {"grafana-x-ray-datasource", "xray", "X-Ray"},
	fromLoki:       {"loki", "loki", "Loki"},
	fromPostgres:   {"grafana-postgresql-datasource", "postgres", "PostgreSQL"},
}

// uids are the data sources that a team has; "" stands for none.
type uids [sources]string

func uidsOf(d pipeline.Dashboards) uids {
	return uids{
		fromCloudWatch: d.CloudWatchUID, fromPrometheus: d.PrometheusUID, fromTempo: d.TempoUID,
		fromXRay: d.XRayUID, fromLoki: d.LokiUID, fromPostgres: d.PostgresUID,
	}
}

func (u uids) has(s source) bool { return u[s] != "" }

// refs are how queries name their data sources: by the variable of the
// dashboard. They are shared and not to be changed.
var refs = func() (all [sources]common.DataSourceRef) {
	for s := range all {
		all[s] = common.DataSourceRef{Type: &sourceNames[s].plugin, Uid: new("${" + sourceNames[s].variable + "}")}
	}
	return all
}()
