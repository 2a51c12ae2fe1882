package cost

import "github.com/tracehaul/tracehaul/internal/price"

// The function for the load balancer's spans. Its time is its processor's, of
// which Lambda gives one for 1,769 MB ("Configure Lambda function memory", AWS
// Lambda developer guide): with another memory it takes longer or shorter, and
// costs the same.
const (
	processorGB     = 1769. / 1024
	fileSeconds     = 0.2    // to get a file, to begin and to flush, however short it is
	linesSampled    = 7_000. // a second, as docs/albspans.md has them
	linesNotSampled = 73_000.
)

// files are those of the access log in a month: one for each zone and five
// minutes, if anybody sends anything.
func (e *estimator) files() float64 {
	if e.requests == 0 {
		return 0
	}
	return filesInHour * hoursInMonth * float64(e.p.Network.Zones)
}

func (e *estimator) albSpans() {
	if !e.p.Edge.ALBSpans {
		return
	}
	seconds := e.files()*fileSeconds + e.balancerSpans()/linesSampled + (e.requests-e.balancerSpans())/linesNotSampled
	dollars := e.files()*(price.Invocation+priceGet) + seconds*processorGB*price.ARMGBSecond
	e.add("Lambda and S3, for ALB spans", dollars, "%s of the access log, %s", many(e.files(), "file"), many(e.requests, "line"))
}

// balancerSpans are the load balancer's in a month.
func (e *estimator) balancerSpans() float64 {
	if !e.p.Edge.ALBSpans {
		return 0
	}
	return e.requests * e.p.Telemetry.SamplePercent / 100
}

// albspansFiles are those that the function reads in a month.
func (e *estimator) albspansFiles() float64 {
	if !e.p.Edge.ALBSpans {
		return 0
	}
	return e.files()
}
