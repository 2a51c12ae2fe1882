package albspan

import (
	"strconv"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// failure returns error.type of a request that failed, and "" for one that did
// not. "Troubleshoot your Application Load Balancers".
//
// A target's answer fails from status 500, as the HTTP conventions say of
// servers. An answer of the load balancer's own, for a request that no service
// has seen, fails then too, and where a status below 500 is not about how the
// client asked: 460, 463 and 464, and what AWS WAF refused. Its 400, 401, 405,
// 408, 413 and 414 are the client's, as a service's would be.
func failure(e *alblog.Entry) string {
	switch {
	case e.IsFaulty(alblog.FieldELBStatus): // nobody knows
		return ""
	case e.TargetStatus != 0 && e.TargetStatus == e.ELBStatus:
		return fromTarget(e.ELBStatus)
	case e.ELBStatus == 0:
		return semconv.ErrorALBNoResponse
	case e.ELBStatus < 400:
		return ""
	case e.ErrorReason != "":
		return cut(e.ErrorReason)
	case e.IsFaulty(alblog.FieldTargetStatus): // whose it is nobody knows
		return fromTarget(e.ELBStatus)
	}
	switch e.LastAction() {
	case alblog.ActionWAF:
		return semconv.ErrorALBFirewallBlocked
	case alblog.ActionWAFFailed:
		return semconv.ErrorALBFirewallFailed
	case alblog.ActionFixedResponse: // meant so, like a target's
		return fromTarget(e.ELBStatus)
	}
	return refusal(e.ELBStatus)
}

func fromTarget(status int) string {
	if status >= 500 {
		return strconv.Itoa(status)
	}
	return ""
}

// refusal names a status that is the load balancer's own.
func refusal(status int) string {
	switch status {
	case 460:
		return semconv.ErrorALBClientClosed
	case 463:
		return semconv.ErrorALBForwardedFor
	case 464:
		return semconv.ErrorALBProtocol
	case 500:
		return semconv.ErrorALBInternal
	case 501:
		return semconv.ErrorALBTransferEncoding
	case 502:
		return semconv.ErrorALBBadGateway
	case 503:
		return semconv.ErrorALBNoTarget
	case 504:
		return semconv.ErrorALBTimeout
	case 505:
		return semconv.ErrorALBVersion
	case 561:
		return semconv.ErrorALBIdentityProvider
	}
	if status >= 500 {
		return semconv.ErrorALBOther
	}
	return ""
}
