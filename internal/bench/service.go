package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tracehaul/tracehaul/internal/bare"
	"github.com/tracehaul/tracehaul/service"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

// serviceSettings say how a service is set up.
type serviceSettings struct {
	Outside string // URL of SNS and collector

	// Sampled is the share of requests that are sampled. With Bare there is
	// no telemetry at all.
	Sampled float64
	Bare    bool

	// PublishConcurrency is as in service.Config.
	PublishConcurrency int

	// CPUProfile and AllocationProfile are files to write; empty for none.
	CPUProfile, AllocationProfile string
}

// served is a service that runs as cmd/service does.
type served struct {
	addr      string
	telemetry *telemetry.Telemetry // nil if bare
	cancel    context.CancelFunc
	done      chan error
}

func startService(ctx context.Context, s serviceSettings) (*served, error) {
	cfg := aws.Config{
		Region: "eu-west-1", BaseEndpoint: &s.Outside, HTTPClient: awshttp.NewBuildableClient(),
		Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""),
	}
	c := service.Config{
		TopicARN:       "arn:aws:sns:eu-west-1:000000000000:dev-shop-orders",
		TrustedProxies: 1, PublishConcurrency: s.PublishConcurrency,
		DrainGrace: -1, Logger: slog.New(slog.DiscardHandler), MeterProvider: bare.MeterProvider{},
	}
	v := &served{done: make(chan error, 1)}
	if !s.Bare {
		tel, err := setUpTelemetry(ctx, map[string]string{
			"OTEL_SERVICE_NAME": "bench", "OTEL_EXPORTER_OTLP_ENDPOINT": s.Outside,
			"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": strconv.FormatFloat(s.Sampled, 'g', -1, 64),
		})
		if err != nil {
			return nil, err
		}
		awssdk.Instrument(&cfg, awssdk.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()})
		c.TracerProvider, c.MeterProvider, c.Propagator = tel.TracerProvider(), tel.MeterProvider(), tel.Propagator()
		c.Logger, v.telemetry = tel.Logger(), tel
	}
	c.SNS = service.NewSNS(cfg)
	program, err := service.New(c)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	v.addr = l.Addr().String()
	ctx, v.cancel = context.WithCancel(ctx)
	go func() { v.done <- program.Run(ctx, l) }()
	return v, nil
}

// setUpTelemetry is what a program does with its environment.
func setUpTelemetry(ctx context.Context, environment map[string]string) (*telemetry.Telemetry, error) {
	c, err := telemetry.ConfigFromEnv(func(name string) string { return environment[name] })
	if err != nil {
		return nil, err
	}
	c.LogWriter = io.Discard
	return telemetry.Setup(ctx, c)
}

func (v *served) stop() error {
	v.cancel()
	err := <-v.done
	if v.telemetry != nil {
		err = errors.Join(err, v.telemetry.Shutdown(context.Background()))
	}
	return err
}

// settle sends what telemetry waits and cleans memory up, so that nobody's
// turn pays for what came before.
func (v *served) settle(ctx context.Context) error {
	runtime.GC()
	if v.telemetry == nil {
		return nil
	}
	return v.telemetry.ForceFlush(ctx)
}

// control lets another process ask the service's process.
func (v *served) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /address", func(w http.ResponseWriter, _ *http.Request) { respond(w, v.addr, nil) })
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) { respond(w, used(), nil) })
	mux.HandleFunc("GET /settle", func(w http.ResponseWriter, r *http.Request) { respond(w, nil, v.settle(r.Context())) })
	return mux
}

// clients is how many post at once: enough for calls of SNS to be full.
const clients = 64

// turn is what a service did in one turn.
type turn struct {
	load
	counts

	cpu         float64 // microseconds of processor time for a request
	allocations float64 // for a request
	outside     float64 // processors that the outside kept busy
}

// stage is a service in a process of its own.
type stage struct {
	*actor

	address string
	outside *actor
}

func newStage(ctx context.Context, outside *actor, s serviceSettings, on processors) (*stage, error) {
	s.Outside = outside.url
	a, err := cast(ctx, roleService, s, on)
	if err != nil {
		return nil, err
	}
	address, err := ask[string](ctx, a, "/address")
	if err != nil {
		return nil, errors.Join(err, a.stop())
	}
	return &stage{a, address, outside}, nil
}

// turn posts requests to the service.
func (s *stage) turn(ctx context.Context, d demand) (t turn, err error) {
	if _, err := ask[any](ctx, s.actor, "/settle"); err != nil {
		return t, err
	}
	before, err := s.state(ctx)
	if err != nil {
		return t, err
	}
	if t.load, err = ask[load](ctx, s.outside, fmt.Sprintf("/load/%s/%d/%d/%f", s.address, d.Connections, d.Requests, d.PerSecond)); err != nil {
		return t, err
	}
	after, err := s.state(ctx)
	if err != nil {
		return t, err
	}
	if _, err := ask[any](ctx, s.actor, "/settle"); err != nil {
		return t, err
	}
	end, err := s.state(ctx)
	n := d.Requests
	t.counts = end.counts.minus(before.counts)
	t.cpu = after.service.minus(before.service).CPU.Seconds() * 1e6 / float64(n)
	t.allocations = float64(end.service.minus(before.service).Allocations) / float64(n)
	t.outside = after.outside.minus(before.outside).CPU.Seconds() / t.Seconds
	return t, err
}

// state is what was used and counted so far.
type state struct {
	service, outside usage
	counts           counts
}

func (s *stage) state(ctx context.Context) (st state, err error) {
	if st.counts, err = ask[counts](ctx, s.outside, "/counts"); err != nil {
		return st, err
	}
	if st.outside, err = ask[usage](ctx, s.outside, "/usage"); err != nil {
		return st, err
	}
	st.service, err = ask[usage](ctx, s.actor, "/usage")
	return st, err
}

// measureService compares a service that samples everything, and one that
// samples a tenth, with a bare one.
func measureService(ctx context.Context, b *bench) (lines []line, err error) {
	one, rest := share()
	outside, err := cast(ctx, roleOutside, outsideSettings{}, rest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, outside.stop()) }()
	var all []*stage
	for _, s := range []serviceSettings{
		{Bare: true, CPUProfile: b.profileOf("service-bare.cpu")},
		{Sampled: 1, CPUProfile: b.profileOf("service-all-sampled.cpu")},
		{Sampled: .1, CPUProfile: b.profileOf("service-tenth-sampled.cpu")},
	} {
		st, err := newStage(ctx, outside, s, one)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, st.stop()) }()
		all = append(all, st)
	}
	got, err := interleave(b.rounds(21), turnsOf(ctx, all, demand{Connections: clients, Requests: b.amount(8000, 500)})...)
	if err != nil {
		return nil, err
	}
	half := quantile(column(got[0], turn.perSecond), .5) / 2
	paced, err := interleave(b.rounds(21), turnsOf(ctx, all, demand{Connections: clients, Requests: b.amount(4000, 500), PerSecond: half})...)
	if err != nil {
		return nil, err
	}
	return append(serviceLines(got[0], got[1], got[2]),
		line{what: "service p99 at half of bare's rate, all sampled / bare", measured: ratio(column(paced[1], p99), column(paced[0], p99)), unit: "ms", aim: atMost(1.15)},
		line{what: "service p99 at half of bare's rate, 10 % sampled / bare", measured: ratio(column(paced[2], p99), column(paced[0], p99)), unit: "ms", aim: atMost(1.15)},
	), nil
}

// turnsOf demands the same of each stage.
func turnsOf(ctx context.Context, stages []*stage, d demand) (turns []func() (turn, error)) {
	for _, s := range stages {
		turns = append(turns, func() (turn, error) { return s.turn(ctx, d) })
	}
	return turns
}

func p99(t turn) float64 { return t.P99 }

// serviceLines compares services that had all they can take.
func serviceLines(bare, all, tenth []turn) []line {
	perSecond := func(t turn) float64 { return t.perSecond() }
	cpu := func(t turn) float64 { return t.cpu }
	perCall := func(t turn) float64 { return float64(t.Events) / float64(t.Calls) }
	spans := func(t turn) float64 { return float64(t.Spans) }
	busy := column(all, func(t turn) float64 { return t.outside })
	against := func(what string, subject []turn, figure func(turn) float64, unit string, a aim) line {
		return line{what: what, measured: ratio(column(subject, figure), column(bare, figure)), unit: unit, aim: a}
	}
	return []line{
		against("service requests/s, all sampled / bare", all, perSecond, "1/s", atLeast(.85)),
		against("service requests/s, 10 % sampled / bare", tenth, perSecond, "1/s", atLeast(.92)),
		against("service p99, all sampled / bare", all, p99, "ms", atMost(1.15)),
		against("service p99, 10 % sampled / bare", tenth, p99, "ms", atMost(1.15)),
		against("service CPU of a request, all sampled / bare", all, cpu, "us", aim{}),
		against("service CPU of a request, 10 % sampled / bare", tenth, cpu, "us", aim{}),
		against("service events in a call of SNS, all sampled / bare", all, perCall, "", aim{}),
		{
			what:     "spans at the collector / spans made, all sampled",
			measured: ratio(column(all, spans), column(all, func(t turn) float64 { return 2 * float64(t.Requests) })),
		},
		{what: "processors busy outside of the service", measured: single(busy), single: true},
	}
}

// single is a figure that is compared with nothing.
func single(values []float64) measured {
	m := quantile(values, .5)
	return measured{value: m, low: quantile(values, .25), high: quantile(values, .75), subject: m}
}
