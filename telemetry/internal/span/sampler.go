package span

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Plain marks a sampler that looks at nothing of a span but its trace id and
// its parent, so that it can be asked without a copy of the attributes. The
// samplers that OTEL_TRACES_SAMPLER names are.
type Plain struct {
	sdktrace.Sampler

	// Inherited says that a span with a parent is sampled exactly if its parent
	// is, so that the sampler need not be asked at all, unless the parent is
	// remote and came without a decision.
	Inherited bool
}

// sampler is a sampler with what is known about it.
type sampler struct {
	sdktrace.Sampler

	plain, inherited bool
}

func newSampler(s sdktrace.Sampler) sampler {
	if p, ok := s.(Plain); ok {
		return sampler{p.Sampler, true, p.Inherited}
	}
	return sampler{Sampler: s}
}

// Known marks a sampler as Plain if it is one of OpenTelemetry's that can be
// told by comparing.
func Known(s sdktrace.Sampler) sdktrace.Sampler {
	switch s {
	case sdktrace.AlwaysSample(), sdktrace.NeverSample():
		return Plain{s, false}
	case sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample()):
		return Plain{s, true}
	default:
		return s
	}
}
