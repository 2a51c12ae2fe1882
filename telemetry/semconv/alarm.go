package semconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys of the spans in which the notifier tells a destination of an
// alarm.
const (
	// AlarmNameKey is the name of the alarm in CloudWatch.
	AlarmNameKey = attribute.Key("tracehaul.alarm.name")

	// AlarmStateKey is the state that it changed to, in CloudWatch's words.
	AlarmStateKey = attribute.Key("tracehaul.alarm.state")

	// AlarmSeverityKey is its severity: page, ticket or notice.
	AlarmSeverityKey = attribute.Key("tracehaul.alarm.severity")

	// DestinationKey is the name of the destination in the pipeline's
	// description.
	DestinationKey = attribute.Key("tracehaul.destination")
)
