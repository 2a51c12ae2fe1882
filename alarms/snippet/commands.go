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

// UntoldAlarms shows what the notifier gave up: which alarms is in the bodies alone.
func (s Set) UntoldAlarms() Snippet {
	return shell("What did the notifier give up?", "tracehaul dlq show -q "+s.pipeline.NotifierDLQName()+" all --body")
}

// GivenUpFiles shows the files of the access log that wait to be read again: their
// names are in the bodies alone.
func (s Set) GivenUpFiles() Snippet {
	return shell("Which files wait to be read again?", "tracehaul dlq show -q "+s.pipeline.ALBSpansDLQName()+" all --body")
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

// StoppedTasks is why tasks ended. ECS remembers them for an hour; where there are
// none, nothing is asked, and nothing said.
func (s Set) StoppedTasks() Snippet {
	cluster := s.pipeline.ClusterName()
	list := s.aws("Why did tasks stop?", "ecs list-tasks --cluster", cluster, "--service-name", s.pipeline.ServiceName(), "--desired-status STOPPED --query 'taskArns[]' --output text")
	list.Text += " |\n  xargs -r -n 100 aws ecs describe-tasks --cluster " + cluster +
		" --query 'tasks[].[stoppedAt,stopCode,stoppedReason,containers[0].exitCode]' --output table --region " + s.pipeline.Region + " --tasks"
	return list
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

// Certificate is what keeps ACM from renewing it. Without keyTypes ACM lists those
// with RSA of up to 2048 bits alone; the domain may be the certificate's first name,
// another one, or one of a wildcard.
func (s Set) Certificate() Snippet {
	domain := s.pipeline.Edge.Domain
	names := "DomainName=='" + domain + "' || contains(SubjectAlternativeNameSummaries || [''], '" + domain + "')"
	if _, parent, ok := strings.Cut(domain, "."); ok {
		names += " || contains(SubjectAlternativeNameSummaries || [''], '*." + parent + "')"
	}
	return s.aws("What does ACM say about the certificate?",
		"acm list-certificates --includes keyTypes=RSA_1024,RSA_2048,RSA_3072,RSA_4096,EC_prime256v1,EC_secp384r1,EC_secp521r1",
		`--query "CertificateSummaryList[?`+names+`].[CertificateArn,DomainName,Status,RenewalEligibility,NotAfter,InUse]" --output table`)
}

// Database is the state of the cluster and its instances.
func (s Set) Database() Snippet {
	return s.aws("What happened to the database?", "rds describe-events --source-type db-cluster --source-identifier", s.pipeline.DatabaseName(),
		`--duration 180 --query 'Events[].[Date,Message]' --output table`)
}
