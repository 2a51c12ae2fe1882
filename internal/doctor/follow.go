package doctor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Ids of findings about the event's way.
const (
	checkFrontDoor = "front-door"    // it is answered with 202
	checkAnswer    = "answer-trace"  // in the trace that it was sent with
	checkClock     = "service-clock" // the service's clock is ours
	checkRow       = "row"           // it became a row
	checkRowTrace  = "row-trace"     // of its trace
	checkRowClocks = "row-clocks"    // with times that follow each other
	checkRowShape  = "row-delivery"  // delivered once, as described
	checkFresh     = "freshness"     // in time
	checkSpans     = "spans"         // and every part of the way has made its span
)

// way is what was seen of the event's way.
type way struct {
	address  string
	untraced bool // the service has made no trace
	sent     bool // the event may have been accepted
	cleaned  bool // its row is removed
	event    Event
	findings []Finding
	out      []LeftOut
}

func (w *way) add(hop signal.Hop, check string, f Finding) {
	f.Hop, f.Check = hop, check
	w.findings = append(w.findings, f)
}

// step keeps how long something took. Less than nothing means that clocks differ,
// of which another finding tells.
func (w *way) step(hop signal.Hop, name string, took time.Duration) {
	took = max(0, took)
	w.event.Steps = append(w.event.Steps, Step{hop, name, took, float64(took.Microseconds()) / 1000})
}

// follow sends an event and sees what becomes of it.
func (e *exam) follow(ctx context.Context) way {
	w := way{event: Event{Source: e.Source, Type: e.Type, ID: "doctor-" + randomHex(8), TraceID: e.traceID(), Steps: []Step{}}}
	var err error
	if w.address, err = e.frontDoor(ctx); err != nil {
		w.add(signal.HopEdge, checkFrontDoor, unknown(err))
		return w
	}
	e.progress(following, "look into the queues")
	queues := newWatch(ctx, e)
	e.progress(following, "send an event to "+w.address)
	if !e.send(ctx, &w) {
		return w
	}
	e.seek(ctx, &w, queues)
	return w
}

// seek looks for the row and the spans of an event that was accepted.
func (e *exam) seek(ctx context.Context, w *way, queues *watch) {
	var r *row
	if e.DatabaseURL == "" {
		w.out = append(w.out, LeftOut{Checks: []string{checkRow, checkRowTrace, checkRowClocks, checkRowShape, checkFresh}, Why: "the database's URL is not given"})
		w.event.Left = "it was accepted: a row in events, sooner or later"
		w.event.Remove = removal(&w.event)
	} else {
		var err error
		if r, err = e.waitRow(ctx, &w.event, queues); r != nil {
			e.judgeRow(w, r)
		} else if ctx.Err() == nil {
			queues.look(ctx, e)
			e.lost(w, queues, err)
		}
	}
	switch {
	case e.Traces == nil:
		w.out = append(w.out, LeftOut{Checks: []string{checkSpans}, Why: "no back end of traces is given"})
	case ctx.Err() == nil && !w.untraced:
		e.judgeSpans(ctx, w, r)
	}
	if r != nil {
		e.clean(ctx, w)
	}
}

// removal is how somebody removes the row.
func removal(ev *Event) string {
	return fmt.Sprintf("DELETE FROM events WHERE source = '%s' AND id = '%s'", strings.ReplaceAll(ev.Source, "'", "''"), ev.ID)
}

// frontDoor is where events are sent to.
func (e *exam) frontDoor(ctx context.Context) (string, error) {
	switch {
	case e.Address != "":
		return e.Address, nil
	case e.Local || e.Clients.ELB == nil:
		return "", errors.New("no address is given")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := e.Clients.ELB.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{e.pipeline.LoadBalancerName()}})
	if err != nil {
		return "", err
	}
	if len(out.LoadBalancers) != 1 {
		return "", fmt.Errorf("there are %d load balancers of the name %s", len(out.LoadBalancers), e.pipeline.LoadBalancerName())
	}
	return "http://" + aws.ToString(out.LoadBalancers[0].DNSName), nil
}

// traceID begins with the time, as X-Ray's own do, and has a random part that is
// as large as can be: a sampler that goes by its share of such numbers, and not by
// what the parent decided, drops the trace, unless it keeps all. That is how a
// sampler which disagrees shows at once. ("TraceIdRatioBased", OpenTelemetry's
// specification: it looks at the last bytes.)
func (e *exam) traceID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id)                                   // never fails
	binary.BigEndian.PutUint32(id, uint32(e.Now().Unix())) //nolint:gosec // until 2106
	id[8], id[9], id[10] = 0xFF, 0xFF, 0xFF
	return hex.EncodeToString(id)
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// writers are the consumers whose rows are the event's.
func (e *exam) writers() (list []*pipeline.Consumer) {
	for i := range e.pipeline.Consumers {
		if c := &e.pipeline.Consumers[i]; c.Sink == "postgres" {
			list = append(list, c)
		}
	}
	return list
}
