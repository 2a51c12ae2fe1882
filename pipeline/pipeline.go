package pipeline

import "time"

// Pipeline is the whole description. Load it; one made by hand has no names.
//
// The tags of the fields are the rules that the loader enforces and that the
// JSON Schema states: yaml is the key, default the value of an absent setting,
// required says that there is none, min, max and step bound numbers, and min
// and max the lengths of texts, lists and mappings, enum lists the values, and
// format and keys name a form of format.go that values and keys have. The unit
// of a time.Duration is the end of its key.
type Pipeline struct {
	// Product is the business capability that the pipeline belongs to. Part of nearly every name.
	Product string `yaml:"product" max:"16" format:"name" required:"true"`

	// Environment is the stage that is described. A file in environments/ has it as its name. Part of every name.
	Environment string `yaml:"environment" max:"10" format:"name" required:"true"`

	// Region is the AWS region that everything runs in.
	Region string `yaml:"region" format:"region" required:"true"`

	// Owner is the team that answers for the pipeline: the owner of every alarm that names none.
	Owner string `yaml:"owner" max:"40" format:"name" required:"true"`

	// Description is one sentence on what the pipeline is for. Dashboards and alarms show it. Defaults to nothing.
	Description string `yaml:"description" max:"200"`

	// Repository is the address of the source, without a slash at its end. Alarms and dashboards link to it. Defaults to nothing.
	Repository string `yaml:"repository" format:"url"`

	// Runbooks is the address that the file name of a runbook is appended to. Defaults to docs/runbooks on the main branch of the repository.
	Runbooks string `yaml:"runbooks" format:"url"`

	// Tags are the tags of every AWS resource, in addition to product, environment and owner. Defaults to none.
	Tags map[string]string `yaml:"tags" max:"40" format:"tag_value" keys:"tag_key"`

	// Service is the HTTP service that accepts events (ECS on Fargate behind an ALB).
	Service Service `yaml:"service" required:"true"`

	// Edge is what stands between the internet and the service.
	Edge Edge `yaml:"edge"`

	// Deploy is how a new version replaces the old one.
	Deploy Deploy `yaml:"deploy"`

	// Topic is the SNS topic that the service publishes to.
	Topic Topic `yaml:"topic" required:"true"`

	// Consumers are the consumers of the topic by name, each with a queue, a dead-letter queue and a Lambda function of its own.
	Consumers []Consumer `yaml:"consumers" min:"1" max:"50" keys:"name" required:"true"`

	// Database is the Aurora PostgreSQL cluster that consumers with the sink postgres write to.
	Database Database `yaml:"database"`

	// Network is the VPC.
	Network Network `yaml:"network"`

	// Telemetry is where spans, metrics and logs go, and how many of them.
	Telemetry Telemetry `yaml:"telemetry"`

	// Objectives are the promises to the users of the pipeline. Burn-rate alarms and the error budget are made from them.
	Objectives Objectives `yaml:"objectives"`

	// Routing is who hears about an alarm.
	Routing Routing `yaml:"routing" required:"true"`

	// Dashboards are where the dashboards live and which data sources they have.
	Dashboards Dashboards `yaml:"dashboards"`

	where places
}

// Service is the HTTP service.
type Service struct {
	// Name is the component that names the service.
	Name string `yaml:"name" max:"20" format:"name" required:"true"`

	// CPU is the size of a task in CPU units: 1024 are one vCPU. Defaults to 256.
	CPU int `yaml:"cpu" default:"256" enum:"256,512,1024,2048,4096,8192,16384"`

	// MemoryMiB is the memory of a task in MiB. Fargate has certain combinations of CPU and memory only. Defaults to 512.
	MemoryMiB int `yaml:"memory_mib" default:"512" min:"512" max:"122880"`

	// Architecture is the processor that the image is built for. Defaults to arm64.
	Architecture string `yaml:"architecture" default:"arm64" enum:"arm64,x86_64"`

	// MinTasks is the minimum number of tasks. Defaults to 2.
	MinTasks int `yaml:"min_tasks" default:"2" min:"1" max:"5000"`

	// MaxTasks is the maximum number of tasks that autoscaling may start. Defaults to 10.
	MaxTasks int `yaml:"max_tasks" default:"10" min:"1" max:"5000"`

	// TargetCPUPercent is the mean CPU use that autoscaling aims at. Defaults to 60.
	TargetCPUPercent int `yaml:"target_cpu_percent" default:"60" min:"10" max:"90"`

	// TargetRequestsPerMinute is how many requests per minute and task autoscaling aims at. With 0 it looks at the CPU only. Defaults to 0.
	TargetRequestsPerMinute int `yaml:"target_requests_per_minute" default:"0" min:"0" max:"10000000"`

	// Port is the port that the service listens on. Defaults to 8080.
	Port int `yaml:"port" default:"8080" min:"1024" max:"65535"`

	// StopTimeout is the time from SIGTERM to SIGKILL. Fargate allows 120 seconds. Defaults to 30 seconds.
	StopTimeout time.Duration `yaml:"stop_timeout_seconds" default:"30" min:"2" max:"120"`

	// DeregistrationDelay is how long the load balancer waits for the open requests of a task that stops. Defaults to 20 seconds.
	DeregistrationDelay time.Duration `yaml:"deregistration_delay_seconds" default:"20" min:"0" max:"3600"`

	// EventSource is the source of events that come as plain JSON, which is refused without one. Defaults to nothing.
	EventSource string `yaml:"event_source" max:"1024" format:"source"`

	// EventType is the type of events that come as plain JSON, which is refused without one. Defaults to nothing.
	EventType string `yaml:"event_type" max:"1024"`
}

// Edge is the load balancer and what guards it.
type Edge struct {
	// Domain is the host name that clients call. Defaults to the load balancer's own, without TLS.
	Domain string `yaml:"domain" format:"domain"`

	// HostedZone is the Route 53 zone that the domain is in. Defaults to the domain without its first label.
	HostedZone string `yaml:"hosted_zone" format:"domain"`

	// Authentication is how clients authenticate: none, jwt (tokens that Cognito issues for client credentials, verified by the service and, if Terraform is told to, by the load balancer before it) or cognito (people log in). Defaults to jwt.
	Authentication string `yaml:"authentication" default:"jwt" enum:"none,jwt,cognito"`

	// WAF is whether AWS WAF stands in front of the load balancer. Defaults to true.
	WAF bool `yaml:"waf" default:"true"`

	// WAFRateLimit is how many requests one address may send in five minutes. Defaults to 20000.
	WAFRateLimit int `yaml:"waf_rate_limit" default:"20000" min:"10" max:"2000000000"`

	// ALBSpans is whether a function turns the load balancer's access log into spans, which are the parents of the service's own. Defaults to true.
	ALBSpans bool `yaml:"alb_spans" default:"true"`

	// LogRetention is how long access logs are kept. Defaults to 90 days.
	LogRetention time.Duration `yaml:"log_retention_days" default:"90" min:"1" max:"3650"`
}

// Deploy is ECS's native canary deployment, and CodeDeploy's for Lambda.
type Deploy struct {
	// CanaryPercent is the share of requests that the new version gets first. Defaults to 10.
	CanaryPercent float64 `yaml:"canary_percent" default:"10" min:"0.1" max:"100"`

	// CanaryBake is how long the canary is watched before all requests go to the new version. Defaults to 10 minutes.
	CanaryBake time.Duration `yaml:"canary_bake_minutes" default:"10" min:"0" max:"1440"`

	// Bake is how long the old version is kept ready after that. Defaults to 10 minutes.
	Bake time.Duration `yaml:"bake_minutes" default:"10" min:"0" max:"1440"`
}

// Topic is the SNS topic.
type Topic struct {
	// Event is the kind of event that the messages are about, in one word. Part of the names of the topic and of its queues.
	Event string `yaml:"event" max:"24" format:"name" required:"true"`

	// SubscriberAccounts are other AWS accounts that may subscribe queues of their own. Defaults to none.
	SubscriberAccounts []string `yaml:"subscriber_accounts" max:"100" format:"account"`
}

// Consumer is a Lambda function that reads the topic through its own queue. Its
// methods make names of the pipeline that it was loaded with, and panic for a
// Consumer that is of none: take one of Pipeline.Consumers, or of
// [Pipeline.Consumer].
type Consumer struct {
	// Name is the key in the mapping of consumers: the component that names the function.
	Name string `yaml:"-"`

	// Description is one sentence on what the consumer does. Defaults to nothing.
	Description string `yaml:"description" max:"200"`

	// Owner is the team that answers for the consumer. Defaults to the owner of the pipeline.
	Owner string `yaml:"owner" max:"40" format:"name"`

	// Sink is where events go: postgres (the database described here) or custom (the team's own). Defaults to postgres.
	Sink string `yaml:"sink" default:"postgres" enum:"postgres,custom"`

	// RawDelivery is whether messages arrive as they were published; otherwise SNS wraps them in its envelope, in which they take up to twice the bytes. Defaults to true.
	RawDelivery bool `yaml:"raw_delivery" default:"true"`

	// FilterPolicy is the SNS filter policy that selects the consumer's messages. Defaults to all messages.
	FilterPolicy map[string]any `yaml:"filter_policy"`

	// FilterScope is what the filter policy looks at: attributes (such as event-type and event-source) or body. Defaults to attributes.
	FilterScope string `yaml:"filter_scope" default:"attributes" enum:"attributes,body"`

	// BatchSize is the maximum number of messages that one invocation gets. Above 10, a batch window is needed. Defaults to 10.
	BatchSize int `yaml:"batch_size" default:"10" min:"1" max:"10000"`

	// BatchWindow is how long Lambda waits for a batch to fill. Defaults to 0 seconds.
	BatchWindow time.Duration `yaml:"batch_window_seconds" default:"0" min:"0" max:"300"`

	// MaxConcurrency is the maximum number of invocations that the event source mapping runs at the same time. Defaults to 10.
	MaxConcurrency int `yaml:"max_concurrency" default:"10" min:"2" max:"1000"`

	// MemoryMB is the memory of the function in MB. Defaults to 256.
	MemoryMB int `yaml:"memory_mb" default:"256" min:"128" max:"10240"`

	// Architecture is the processor that the function is built for. Defaults to arm64.
	Architecture string `yaml:"architecture" default:"arm64" enum:"arm64,x86_64"`

	// Timeout is how long one invocation may take. Defaults to 30 seconds.
	Timeout time.Duration `yaml:"timeout_seconds" default:"30" min:"1" max:"900"`

	// VisibilityTimeout is how long a message is hidden while it is worked on: at least six timeouts plus the batch window. Defaults to that minimum.
	VisibilityTimeout time.Duration `yaml:"visibility_timeout_seconds" min:"1" max:"43200"`

	// MaxReceiveCount is how often a message is delivered before it goes to the dead-letter queue. Defaults to 5.
	MaxReceiveCount int `yaml:"max_receive_count" default:"5" min:"1" max:"1000"`

	// Retention is how long the queue keeps a message. Defaults to 4 days.
	Retention time.Duration `yaml:"retention_days" default:"4" min:"1" max:"14"`

	// DLQRetention is how long the dead-letter queue keeps a message. For one that SQS moved it counts from the first arrival in the queue. Defaults to 14 days.
	DLQRetention time.Duration `yaml:"dlq_retention_days" default:"14" min:"1" max:"14"`

	pipeline *Pipeline
}

// Database is an Aurora PostgreSQL Serverless v2 cluster.
type Database struct {
	// Name is the name of the database in the cluster. Defaults to the product, with underscores for hyphens.
	Name string `yaml:"name" format:"identifier"`

	// EngineVersion is the version of Aurora PostgreSQL. Defaults to "17.5".
	EngineVersion string `yaml:"engine_version" default:"17.5" format:"version"`

	// MinACU is the minimum capacity, in steps of 0.5. 0 lets the cluster pause. Defaults to 0.5.
	MinACU float64 `yaml:"min_acu" default:"0.5" min:"0" max:"256" step:"0.5"`

	// MaxACU is the maximum capacity, in steps of 0.5. Defaults to 4.
	MaxACU float64 `yaml:"max_acu" default:"4" min:"1" max:"256" step:"0.5"`

	// AutoPause is the idle time after which the cluster pauses, if min_acu is 0. Defaults to 3600 seconds.
	AutoPause time.Duration `yaml:"auto_pause_seconds" default:"3600" min:"300" max:"86400"`

	// Readers is the number of reader instances, in addition to the writer. Defaults to 1.
	Readers int `yaml:"readers" default:"1" min:"0" max:"15"`

	// Authentication is how consumers authenticate: iam (a fresh token for each connection) or secret (user and password in Secrets Manager). Defaults to iam.
	Authentication string `yaml:"authentication" default:"iam" enum:"iam,secret"`

	// User is the user that consumers connect as. Defaults to "consumer".
	User string `yaml:"user" default:"consumer" format:"identifier"`

	// BackupRetention is how long daily backups are kept. Defaults to 14 days.
	BackupRetention time.Duration `yaml:"backup_retention_days" default:"14" min:"1" max:"35"`

	// DeletionProtection is whether the cluster is protected from being deleted. Defaults to true.
	DeletionProtection bool `yaml:"deletion_protection" default:"true"`
}

// Network is a VPC without a NAT gateway.
type Network struct {
	// CIDR is the address range of the VPC. Defaults to 10.20.0.0/16.
	CIDR string `yaml:"cidr" default:"10.20.0.0/16" format:"cidr"`

	// Zones is how many availability zones are used. Defaults to 3.
	Zones int `yaml:"zones" default:"3" min:"2" max:"6"`

	// FlowLogRetention is how long flow logs are kept. Defaults to 30 days.
	FlowLogRetention time.Duration `yaml:"flow_log_retention_days" default:"30" enum:"1,3,5,7,14,30,60,90,120,150,180,365,400,545,731,1096,1827,2192,2557,2922,3288,3653"`
}
