package semconv

import "go.opentelemetry.io/otel/attribute"

// Attribute keys of the load balancer's spans, which are made of its access
// log. What OpenTelemetry names has its name; these hold the log's fields that
// it does not know.
const (
	// ALBIDKey is the load balancer's resource id, app/<name>/<id>: the value
	// of CloudWatch's dimension LoadBalancer.
	ALBIDKey = attribute.Key("tracehaul.alb.id")

	// ALBTypeKey is the type of the log's entry: http, https, h2, grpcs, ws, wss.
	ALBTypeKey = attribute.Key("tracehaul.alb.type")

	// ALBConnectionKey joins a span with the connection log.
	ALBConnectionKey = attribute.Key("tracehaul.alb.connection_id")

	// ALBTargetReachedKey is whether a target answered.
	ALBTargetReachedKey = attribute.Key("tracehaul.alb.target.reached")

	// ALBTargetKey is the address and port of the target, ALBTargetGroupKey
	// the ARN of its group, ALBTargetStatusKey the status code that it
	// answered with. http.response.status_code is what the client got.
	ALBTargetKey       = attribute.Key("tracehaul.alb.target.address")
	ALBTargetGroupKey  = attribute.Key("tracehaul.alb.target.group")
	ALBTargetStatusKey = attribute.Key("tracehaul.alb.target.status_code")

	// ALBTargetsKey and ALBTargetStatusesKey are the lists of both, where more
	// than one target was asked.
	ALBTargetsKey        = attribute.Key("tracehaul.alb.target.addresses")
	ALBTargetStatusesKey = attribute.Key("tracehaul.alb.target.status_codes")

	// ALBRequestMillisKey, ALBTargetMillisKey and ALBResponseMillisKey are the
	// three processing times: until the request went to the target, until that
	// one's response headers came, until the response went to the client.
	// Those that were not measured are not there.
	ALBRequestMillisKey  = attribute.Key("tracehaul.alb.request_ms")
	ALBTargetMillisKey   = attribute.Key("tracehaul.alb.target_ms")
	ALBResponseMillisKey = attribute.Key("tracehaul.alb.response_ms")

	// ALBActionsKey is what the load balancer did, in order. ALBRuleKey is the
	// priority of the rule that matched: 0 for the default action, -1 if the
	// rules could not be evaluated.
	ALBActionsKey = attribute.Key("tracehaul.alb.actions")
	ALBRuleKey    = attribute.Key("tracehaul.alb.rule_priority")

	// ALBRedirectKey is where it redirected to, without the query.
	ALBRedirectKey = attribute.Key("tracehaul.alb.redirect_url")

	// ALBErrorReasonKey is AWS's code for why an action failed.
	ALBErrorReasonKey = attribute.Key("tracehaul.alb.error_reason")

	// ALBClassificationKey and ALBClassificationReasonKey tell of a request
	// that is not as RFC 7230 wants it.
	ALBClassificationKey       = attribute.Key("tracehaul.alb.classification")
	ALBClassificationReasonKey = attribute.Key("tracehaul.alb.classification_reason")

	// ALBEventsClampedKey is by how many microseconds the processing times
	// stick out of the span, where events were moved to its end for it. Up to
	// 1500 is what rounding to milliseconds does; more is a clock's doing.
	ALBEventsClampedKey = attribute.Key("tracehaul.alb.events_clamped_us")

	// ALBFaultyFieldsKey is the fields of the line that could not be read, by
	// AWS's names. The span has nothing of them.
	ALBFaultyFieldsKey = attribute.Key("tracehaul.alb.faulty_fields")

	// ALBTransformStatusKey is what became of a rule's transforms, the others
	// are what they made: the path without the query.
	ALBTransformStatusKey = attribute.Key("tracehaul.alb.transform.status")
	ALBTransformHostKey   = attribute.Key("tracehaul.alb.transform.host")
	ALBTransformPathKey   = attribute.Key("tracehaul.alb.transform.path")

	// ALBServerNameKey is the name that the client gave in the TLS handshake
	// (SNI), where it is not the request's. ALBCertificateKey is the ARN of
	// the certificate that it was shown.
	ALBServerNameKey  = attribute.Key("tracehaul.alb.server_name")
	ALBCertificateKey = attribute.Key("tracehaul.alb.certificate")
)

// Events of the load balancer's spans: where one processing time ends and the
// next begins.
const (
	EventALBSent      = "sent to target"
	EventALBAnswered  = "target answered"
	EventALBResponded = "response begun"
)

// Values of error.type on the load balancer's spans, where the response is its
// own. AWS's code for the reason stands there instead, if the log has one. A
// target's response has its status code there, as in the service's spans.
// "Troubleshoot your Application Load Balancers".
const (
	ErrorALBClientClosed     = "client_closed_request"         // 460
	ErrorALBForwardedFor     = "too_many_forwarded_for"        // 463
	ErrorALBProtocol         = "incompatible_protocol"         // 464
	ErrorALBInternal         = "load_balancer_error"           // 500
	ErrorALBTransferEncoding = "unsupported_transfer_encoding" // 501
	ErrorALBBadGateway       = "bad_gateway"                   // 502
	ErrorALBNoTarget         = "no_target"                     // 503
	ErrorALBTimeout          = "gateway_timeout"               // 504
	ErrorALBVersion          = "unsupported_version"           // 505
	ErrorALBIdentityProvider = "identity_provider_error"       // 561
	ErrorALBOther            = "load_balancer_refused"         // another status from 500
	ErrorALBNoResponse       = "no_response"                   // the log has no status
	ErrorALBFirewallBlocked  = "waf_blocked"                   // AWS WAF had it rejected
	ErrorALBFirewallFailed   = "waf_failed"                    // AWS WAF could not be asked
)

// MetricALBLines counts lines of the load balancer's access log by outcome.
// Counter, {line}.
const MetricALBLines = "tracehaul.alb.log_lines"

// MetricALBFaultyLines counts those of the lines that could be read in part
// alone: they are counted by their outcome as well. Counter, {line}.
const MetricALBFaultyLines = "tracehaul.alb.faulty_lines"

// MetricALBOtherFiles counts files in the bucket that are none of the access
// log's, by their kind. Counter, {file}.
const MetricALBOtherFiles = "tracehaul.alb.other_files"

// Units of these.
const (
	UnitLines = "{line}"
	UnitFiles = "{file}"
)

// ALBFileKindKey is the kind of a file in [MetricALBOtherFiles].
const ALBFileKindKey = attribute.Key("tracehaul.alb.file_kind")

// Values of [ALBFileKindKey]: the other logs that a load balancer writes into
// the same place.
const (
	FileALBConnections  = "connection_log"
	FileALBHealthChecks = "health_check_log"
)

// Values of [OutcomeKey] in [MetricALBLines].
const (
	OutcomeALBSpan      = "span"        // became a span
	OutcomeALBUnsampled = "not_sampled" // its trace is not sampled
	OutcomeALBBad       = "bad"         // could not be read
)
