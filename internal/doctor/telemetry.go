package doctor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// settings are a program's environment variables.
type settings map[string]string

// Standard variables of OpenTelemetry.
const (
	varSampler     = "OTEL_TRACES_SAMPLER"
	varSamplerArg  = "OTEL_TRACES_SAMPLER_ARG"
	varPropagators = "OTEL_PROPAGATORS"
	varExporter    = "OTEL_TRACES_EXPORTER"
	varDisabled    = "OTEL_SDK_DISABLED"
	varName        = "OTEL_SERVICE_NAME"
)

const (
	parentBased     = "parentbased_"
	wantSampler     = "parentbased_traceidratio"
	defaultSampler  = "parentbased_always_on"
	wantPropagators = "tracecontext"
)

func (s settings) sampler() string {
	if v := strings.ToLower(s[varSampler]); v != "" {
		return v
	}
	return defaultSampler
}

// ratio is the share of traces that a program begins, or -1 if it says none.
func (s settings) ratio() float64 {
	switch name := strings.TrimPrefix(s.sampler(), parentBased); name {
	case "always_on":
		return 1
	case "always_off":
		return 0
	}
	arg := s[varSamplerArg]
	if arg == "" {
		return 1 // OpenTelemetry's default
	}
	x, err := strconv.ParseFloat(arg, 64)
	if err != nil {
		return -1
	}
	return x
}

// propagates reports whether traceparent is read and written: by default it is.
func (s settings) propagates() bool {
	v := s[varPropagators]
	return v == "" || slices.ContainsFunc(strings.Split(v, ","), func(p string) bool { return strings.EqualFold(strings.TrimSpace(p), wantPropagators) })
}

// judgeTelemetry holds a program's settings against the description.
func (e *exam) judgeTelemetry(name string, s settings, mend string) (findings []Finding) {
	fault := func(found, want, why string) {
		findings = append(findings, Finding{Verdict: Fault, Subject: name, Found: found, Want: want, Why: why, Mend: mend})
	}
	if strings.EqualFold(s[varDisabled], "true") {
		fault(varDisabled+" is true", "not set", "the program makes no spans, passes no context on, and counts nothing")
	}
	if strings.EqualFold(s[varExporter], "none") {
		fault(varExporter+" is none", "otlp, or not set", "the program's spans go nowhere")
	}
	if !s.propagates() {
		fault(varPropagators+" is "+s[varPropagators], "tracecontext among them, or not set", "traceparent is neither read nor passed on: the trace ends here, and another one begins")
	}
	if !strings.HasPrefix(s.sampler(), parentBased) {
		fault(varSampler+" is "+s.sampler(), wantSampler, "it does not follow what the trace's begin has decided: of a trace that is sampled, this part is missing, or the other way round")
	}
	want := e.pipeline.Telemetry.SamplePercent / 100
	if got := s.ratio(); math.Abs(got-want) > 1e-9 {
		findings = append(findings, Finding{
			Verdict: Warning, Subject: name, Found: fmt.Sprintf("%s begins %s of traces", s.sampler(), percent(got)), Want: percent(want) + ", as the description says",
			Why: "more or fewer traces are kept than is paid for; where a part of the way begins traces itself, it decides otherwise than the others", Mend: mend,
		})
	}
	if len(findings) == 0 {
		findings = append(findings, good(name, fmt.Sprintf("%s, %s", s.sampler(), percent(want))))
	}
	return findings
}

func percent(share float64) string {
	if share < 0 {
		return "an unreadable share"
	}
	return strconv.FormatFloat(share*100, 'g', 6, 64) + " %"
}

// disagreement is what two programs on one way have set differently.
func disagreement(name string, own settings, other string, theirs settings) (findings []Finding) {
	if a, b := own.sampler(), theirs.sampler(); a != b || math.Abs(own.ratio()-theirs.ratio()) > 1e-9 {
		findings = append(findings, Finding{
			Verdict: Fault, Subject: name, Found: fmt.Sprintf("it samples by %s (%s), %s by %s (%s)", a, percent(own.ratio()), other, b, percent(theirs.ratio())),
			Want: "the same sampler on the whole way", Why: "they disagree on which traces to keep: some are half there", Mend: "apply service and events with the same description",
		})
		if strings.HasPrefix(a, parentBased) && strings.HasPrefix(b, parentBased) { // both follow a parent; only roots differ
			findings[0].Verdict = Warning
		}
	}
	if own.propagates() != theirs.propagates() {
		findings = append(findings, Finding{
			Verdict: Fault, Subject: name, Found: fmt.Sprintf("its propagators are %q, those of %s %q", own[varPropagators], other, theirs[varPropagators]),
			Want: "tracecontext on both sides", Why: "one writes traceparent, the other does not read it: the trace ends between them", Mend: "leave OTEL_PROPAGATORS out on both sides",
		})
	}
	return findings
}
