package recorded

import (
	_ "embed"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/scenario"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Week is how much of a model shows a pipeline's nights, and its weekend.
const Week = 7 * 24 * time.Hour

// shortest is how much of a model has all of the trouble in it.
const shortest = 6 * time.Hour

//go:embed trouble.scenario
var trouble []byte

// Model makes a recording of the pipeline that a set of alarms watches: normal
// days from a Monday morning on, with trouble in the first hours, so that each
// signal has datapoints. It is the same at every run. The length is six hours at
// least; a [Week] has about 10,000 minutes.
//
// What AWS chooses is made up. As in an account that others use as well, there
// are load balancers and target groups whose names are like the pipeline's. They
// have no datapoints: a variable that picks one of them is found.
func Model(set *alarms.Set, length time.Duration) (*Recording, error) {
	if length < shortest {
		return nil, fmt.Errorf("a recording of %v: want %v or more", length, shortest)
	}
	all, err := scenario.Parse("trouble.scenario", trouble)
	if err != nil {
		return nil, err
	}
	s := all[0]
	s.Length = length
	h, signals, err := scenario.History(set, s)
	if err != nil {
		return nil, err
	}
	inputs := inputsOf(set.Pipeline)
	r, err := New(set.Pipeline.Region, h, signals, inputs)
	if err != nil {
		return nil, err
	}
	for _, m := range r.metrics {
		r.addNeighbours(m, inputs)
	}
	return r, nil
}

// inputsOf are values as AWS chooses them.
func inputsOf(p *pipeline.Pipeline) map[signal.Input]string {
	groups := p.TargetGroupNames()
	return map[signal.Input]string{
		signal.InputLoadBalancer: "app/" + p.LoadBalancerName() + "/50dc6c495c0c9188",
		signal.InputTargetGroupA: "targetgroup/" + groups[0] + "/73e2d6bc24d8a067",
		signal.InputTargetGroupB: "targetgroup/" + groups[1] + "/943f017f100becff",
		signal.InputCertificate:  "arn:aws:acm:" + p.Region + ":111122223333:certificate/12345678-1234-1234-1234-123456789012",
	}
}

// addNeighbours adds metrics like one of the load balancer's: of load balancers
// that are called almost the same.
func (r *Recording) addNeighbours(m *metric, inputs map[signal.Input]string) {
	if m.dimensions["LoadBalancer"] != inputs[signal.InputLoadBalancer] {
		return
	}
	for _, rename := range []func(name string) string{
		func(name string) string { return "another-" + name },
		func(name string) string { return name + "-admin" },
	} {
		n := *m
		n.dimensions = maps.Clone(m.dimensions)
		n.samples = signal.Metric{Namespace: m.namespace, Name: m.metric + " of a neighbour"} // nothing is in the history
		n.traits = func() traits { return traits{} }
		for dimension, value := range n.dimensions {
			parts := strings.Split(value, "/") // kind, name, id
			n.dimensions[dimension] = strings.Join([]string{parts[0], rename(parts[1]), "0123456789abcdef"}, "/")
		}
		r.add(&n)
	}
}
