package snippet

import (
	"strings"

	"github.com/tracehaul/tracehaul/pipeline"
)

func shell(ask, command string) Snippet {
	return Snippet{Ask: ask, Language: Shell, Text: command}
}

// Trace is the story of one event.
func (s Set) Trace() Snippet {
	return shell("What became of one of them?", "tracehaul trace -e "+s.pipeline.Environment+" "+traceID)
}

// Letters lists the dead letters of a consumer by cause.
func (s Set) Letters(c *pipeline.Consumer) Snippet {
	return shell("Which letters are there, and why?", "tracehaul dlq ls -e "+s.pipeline.Environment+" -c "+c.Name)
}

// ShowLetters shows some of them whole.
func (s Set) ShowLetters(c *pipeline.Consumer) Snippet {
	return shell("What is in them?", "tracehaul dlq show -e "+s.pipeline.Environment+" -c "+c.Name+" --limit 3 all")
}

// Undelivered lists what SNS could not put into a consumer's queue.
func (s Set) Undelivered(c *pipeline.Consumer) Snippet {
	return shell("What did not reach the queue of "+c.Name+"?", "tracehaul dlq ls -e "+s.pipeline.Environment+" -c "+c.Name+" -u")
}

// UntoldAlarms lists what the notifier gave up.
func (s Set) UntoldAlarms() Snippet {
	return shell("What did the notifier give up?", "tracehaul dlq ls -q "+s.pipeline.NotifierDLQName())
}

// GivenUpFiles lists the files of the access log that wait to be read again.
func (s Set) GivenUpFiles() Snippet {
	return shell("Which files wait to be read again?", "tracehaul dlq ls -q "+s.pipeline.ALBSpansDLQName())
}

// aws is a command of the AWS CLI in the pipeline's region.
func (s Set) aws(ask string, words ...string) Snippet {
	return shell(ask, "aws "+strings.Join(append(words, "--region "+s.pipeline.Region), " "))
}

// ServiceEvents is what ECS says of the service.
func (s Set) ServiceEvents() Snippet {
	return s.aws("What does ECS say?", "ecs describe-services --cluster", s.pipeline.ClusterName(), "--services", s.pipeline.ServiceName(),
		`--query 'services[0].events[:10].[createdAt,message]' --output table`)
}

// StoppedTasks is why tasks ended.
func (s Set) StoppedTasks() Snippet {
	cluster, service := s.pipeline.ClusterName(), s.pipeline.ServiceName()
	list := "$(aws ecs list-tasks --cluster " + cluster + " --service-name " + service + " --desired-status STOPPED --query taskArns --output text --region " + s.pipeline.Region + ")"
	return s.aws("Why did tasks stop?", "ecs describe-tasks --cluster", cluster, "--tasks", list,
		`--query 'tasks[].[stoppedAt,stopCode,stoppedReason,containers[0].exitCode]' --output table`)
}

// EventSource is whether Lambda reads a consumer's queue.
func (s Set) EventSource(c *pipeline.Consumer) Snippet {
	// Of the alias: the mapping is not the function's own.
	return s.aws("Does Lambda read the queue?", "lambda list-event-source-mappings --function-name", c.FunctionName()+":live",
		`--query 'EventSourceMappings[].[UUID,State,StateTransitionReason,LastProcessingResult]' --output table`)
}

// AliasVersion is which version of a consumer runs, and since when.
func (s Set) AliasVersion(c *pipeline.Consumer) Snippet {
	return s.aws("Which version runs?", "lambda get-alias --function-name", c.FunctionName(), "--name live --query '[FunctionVersion,RoutingConfig]' --output json")
}

// AlarmsThatAreOn are all of the environment, those that nobody hears of, too.
func (s Set) AlarmsThatAreOn() Snippet {
	return s.aws("Which alarms are on?", "cloudwatch describe-alarms --state-value ALARM --alarm-types MetricAlarm CompositeAlarm --alarm-name-prefix", s.pipeline.Prefix()+"-",
		`--query '[MetricAlarms,CompositeAlarms][].[StateUpdatedTimestamp,AlarmName]' --output text`)
}

// Certificate is what keeps ACM from renewing it.
func (s Set) Certificate() Snippet {
	return s.aws("What does ACM say of the certificate?", "acm list-certificates",
		`--query "CertificateSummaryList[?DomainName=='`+s.pipeline.Edge.Domain+`'].[CertificateArn,Status,RenewalEligibility,NotAfter,InUse]" --output table`)
}

// Database is the state of the cluster and its instances.
func (s Set) Database() Snippet {
	return s.aws("What happened to the database?", "rds describe-events --source-type db-cluster --source-identifier", s.pipeline.DatabaseName(),
		`--duration 180 --query 'Events[].[Date,Message]' --output table`)
}
