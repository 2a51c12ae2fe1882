package otlp

import "sync/atomic"

// Stats counts what came in since the start.
type Stats struct {
	Spans, RejectedSpans  int64
	Points, RejectedPoint int64
	Logs                  int64
	RefusedRequests       int64

	Forwarded        int64 // copies that were taken
	ForwardFailed    int64 // copies that were refused or could not be sent
	ForwardDropped   int64 // copies that there was no room for, or no time at the end
	LastForwardError string
}

type counts struct {
	spans, rejectedSpans, points, rejectedPoints, logs, refused atomic.Int64
	forwarded, forwardFailed, forwardDropped                    atomic.Int64
	lastForwardError                                            atomic.Pointer[string]
}

// Stats returns the counts.
func (r *Receiver) Stats() Stats {
	s := Stats{
		Spans: r.counts.spans.Load(), RejectedSpans: r.counts.rejectedSpans.Load(),
		Points: r.counts.points.Load(), RejectedPoint: r.counts.rejectedPoints.Load(),
		Logs: r.counts.logs.Load(), RefusedRequests: r.counts.refused.Load(),
		Forwarded: r.counts.forwarded.Load(), ForwardFailed: r.counts.forwardFailed.Load(),
		ForwardDropped: r.counts.forwardDropped.Load(),
	}
	if e := r.counts.lastForwardError.Load(); e != nil {
		s.LastForwardError = *e
	}
	return s
}
