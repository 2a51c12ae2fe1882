package pipeline

import "time"

// Telemetry is where spans, metrics and logs go.
type Telemetry struct {
	// Export is where telemetry goes: cloudwatch (OTLP straight to CloudWatch and X-Ray, signed), collector (a sidecar) or endpoint (any OTLP endpoint). Defaults to cloudwatch.
	Export string `yaml:"export" default:"cloudwatch" enum:"cloudwatch,collector,endpoint"`

	// Endpoint is the OTLP endpoint that the collector sends to or, without one, the programs. Required for the export endpoint. Defaults to nothing.
	Endpoint string `yaml:"endpoint" format:"url"`

	// SamplePercent is the share of traces that are kept. Defaults to 100.
	SamplePercent float64 `yaml:"sample_percent" default:"100" min:"0" max:"100"`

	// LogRetention is how long logs are kept. Defaults to 30 days.
	LogRetention time.Duration `yaml:"log_retention_days" default:"30" enum:"1,3,5,7,14,30,60,90,120,150,180,365,400,545,731,1096,1827,2192,2557,2922,3288,3653"`

	// LogLevel is the level below which nothing is logged: debug or info. Alarms are made from lines at info. Defaults to info.
	LogLevel string `yaml:"log_level" default:"info" enum:"debug,info"`
}

// Objectives are service level objectives.
type Objectives struct {
	// Window is the time over which the error budgets are counted. Defaults to 30 days.
	Window time.Duration `yaml:"window_days" default:"30" enum:"7,14,28,30"`

	// AvailabilityPercent is the share of requests that the service answers without a fault of its own (5XX). Defaults to 99.9.
	AvailabilityPercent float64 `yaml:"availability_percent" default:"99.9" min:"50" max:"99.999"`

	// LatencyPercent is the share of requests that are answered within latency_milliseconds. Defaults to 99.
	LatencyPercent float64 `yaml:"latency_percent" default:"99" min:"50" max:"99.999"`

	// Latency is the time that a request is to be answered within. Defaults to 300 milliseconds.
	Latency time.Duration `yaml:"latency_milliseconds" default:"300" min:"1" max:"60000"`

	// FreshnessPercent is the share of events whose row is committed within freshness_seconds. Defaults to 99.
	FreshnessPercent float64 `yaml:"freshness_percent" default:"99" min:"50" max:"99.999"`

	// Freshness is the time that may pass from the service's 202 to the committed row. Defaults to 60 seconds.
	Freshness time.Duration `yaml:"freshness_seconds" default:"60" min:"1" max:"86400"`
}

// Routing decides who hears about an alarm.
type Routing struct {
	// TimeZone is the time zone of the working hours, by its IANA name. Defaults to UTC.
	TimeZone string `yaml:"time_zone" default:"UTC" format:"time_zone"`

	// WorkingDays are the days of the week that have working hours. Defaults to mon, tue, wed, thu, fri.
	WorkingDays []string `yaml:"working_days" default:"mon,tue,wed,thu,fri" min:"1" max:"7" enum:"mon,tue,wed,thu,fri,sat,sun"`

	// WorkingFrom is when a working day begins. Defaults to "09:00".
	WorkingFrom string `yaml:"working_from" default:"09:00" format:"clock"`

	// WorkingTo is when it ends. Defaults to "17:00".
	WorkingTo string `yaml:"working_to" default:"17:00" format:"clock"`

	// Holidays are days without working hours, as year, month and day. Defaults to none.
	Holidays []string `yaml:"holidays" max:"400" format:"date"`

	// Destinations are the places that messages go to, by name.
	Destinations map[string]Destination `yaml:"destinations" min:"1" max:"40" keys:"name" required:"true"`

	// WatchdogEmails are the addresses that get an e-mail when alarms no longer reach people, past everything that may be broken then. Defaults to none.
	WatchdogEmails []string `yaml:"watchdog_emails" max:"10" format:"email"`

	// HeartbeatSecret is the name of a secret in Secrets Manager that holds the address of a dead man's switch outside AWS, which the notifier calls every hour. Defaults to nothing.
	HeartbeatSecret string `yaml:"heartbeat_secret" format:"secret"`

	// Routes are the ways from alarms to destinations. Every route that matches is used, and each severity must have one without an owner at every hour.
	Routes []Route `yaml:"routes" min:"1" max:"100" required:"true"`
}

// Destination is a place that messages about alarms go to.
type Destination struct {
	// Type is the kind of place: slack, pagerduty or incidentio.
	Type string `yaml:"type" enum:"slack,pagerduty,incidentio" required:"true"`

	// Channel is the Slack channel, with its #. Required for slack, and only there. Defaults to nothing.
	Channel string `yaml:"channel" format:"channel"`

	// Secret is the name of a secret in Secrets Manager that holds the bot token (slack), the routing key (pagerduty), or the address and token of an HTTP alert source as JSON {"url", "token"} (incidentio).
	Secret string `yaml:"secret" format:"secret" required:"true"`
}

// Severities of an alarm, the gravest first.
const (
	SeverityPage   = "page"   // someone must act now, at any hour
	SeverityTicket = "ticket" // someone must act in working hours
	SeverityNotice = "notice" // someone should know
)

// When a [Route] is open.
const (
	WhenAlways   = "always"
	WhenWorking  = "working_hours"
	WhenOffHours = "off_hours"
)

// Route sends alarms to destinations.
type Route struct {
	// Severity is the severity of the alarms: page, ticket or notice.
	Severity string `yaml:"severity" enum:"page,ticket,notice" required:"true"`

	// Owner is the team whose alarms these are. Defaults to every owner.
	Owner string `yaml:"owner" max:"40" format:"name"`

	// When is the time that the route is open: always, working_hours or off_hours. Defaults to always.
	When string `yaml:"when" default:"always" enum:"always,working_hours,off_hours"`

	// To are the names of the destinations.
	To []string `yaml:"to" min:"1" max:"10" required:"true"`
}

// Dashboards says where the dashboards live and which data sources Grafana
// has, by the uid that Grafana knows them by. Panels whose data source is
// missing are left out.
type Dashboards struct {
	// GrafanaURL is the address of Grafana. Without it there is only a CloudWatch dashboard. Defaults to nothing.
	GrafanaURL string `yaml:"grafana_url" format:"url"`

	// Folder is the folder in Grafana. Defaults to the product.
	Folder string `yaml:"folder" max:"100"`

	// CloudWatchUID is the CloudWatch data source. Defaults to nothing.
	CloudWatchUID string `yaml:"cloudwatch_uid" format:"uid"`

	// PrometheusUID is a Prometheus-compatible data source that has the OpenTelemetry metrics. Defaults to nothing.
	PrometheusUID string `yaml:"prometheus_uid" format:"uid"`

	// TempoUID is the Tempo data source. Defaults to nothing.
	TempoUID string `yaml:"tempo_uid" format:"uid"`

	// XRayUID is the X-Ray data source. Defaults to nothing.
	XRayUID string `yaml:"xray_uid" format:"uid"`

	// LokiUID is the Loki data source, if logs go there. Defaults to nothing.
	LokiUID string `yaml:"loki_uid" format:"uid"`

	// PostgresUID is a data source that reads the database. Defaults to nothing.
	PostgresUID string `yaml:"postgres_uid" format:"uid"`

	// Refresh is how often the dashboards are refreshed. Defaults to 30 seconds.
	Refresh time.Duration `yaml:"refresh_seconds" default:"30" min:"5" max:"3600"`
}
