package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Source is a kind of data source.
type Source int

// Data sources.
const (
	CloudWatch Source = iota // metrics, and logs by Logs Insights
	Prometheus               // or what is compatible: OpenTelemetry's metrics
	Tempo
	XRay
	Loki
	Postgres // the pipeline's own database
	sources
)

// sourceNames are the ids of Grafana's plugins, and the names of the variables
// that choose the data source.
var sourceNames = [sources]struct{ plugin, variable, label string }{
	CloudWatch: {"cloudwatch", "cloudwatch", "CloudWatch"},
	Prometheus: {"prometheus", "prometheus", "Prometheus"},
	Tempo:      {"tempo", "tempo", "Tempo"},
	XRay:       {"grafana-x-ray-datasource", "xray", "X-Ray"},
	Loki:       {"loki", "loki", "Loki"},
	Postgres:   {"grafana-postgresql-datasource", "postgres", "PostgreSQL"},
}

// uids are the data sources that a team has; "" stands for none.
type uids [sources]string

func uidsOf(d pipeline.Dashboards) uids {
	return uids{
		CloudWatch: d.CloudWatchUID, Prometheus: d.PrometheusUID, Tempo: d.TempoUID,
		XRay: d.XRayUID, Loki: d.LokiUID, Postgres: d.PostgresUID,
	}
}

func (u uids) has(s Source) bool { return u[s] != "" }

// refs are how queries name their data sources: by the variable of the
// dashboard. They are shared and not to be changed.
var refs = func() (all [sources]common.DataSourceRef) {
	for s := range all {
		all[s] = common.DataSourceRef{Type: &sourceNames[s].plugin, Uid: new("${" + sourceNames[s].variable + "}")}
	}
	return all
}()
