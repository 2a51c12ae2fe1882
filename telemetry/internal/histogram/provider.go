package histogram

import (
	"context"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Config says how a Provider aggregates. All fields must be set.
type Config struct {
	// Bounds are those of an instrument that advises some, or none. They are
	// not ok for one that is to be left to the SDK.
	Bounds func(i sdkmetric.Instrument, advised []float64) (bounds []float64, ok bool)

	Temporality metricdata.Temporality
	Filter      exemplar.Filter
}

// Provider is a meter provider.
type Provider struct {
	metric.MeterProvider // the SDK's

	c Config

	mu          sync.Mutex
	instruments map[identity]*aggregate // nil for those that are left to the SDK
	order       []*aggregate
}

// identity is by what the SDK tells histograms apart.
type identity struct {
	scope                   instrumentation.Scope
	name, description, unit string
}

// New returns a Provider on top of the SDK's.
func New(sdk metric.MeterProvider, c Config) *Provider {
	return &Provider{MeterProvider: sdk, c: c, instruments: map[identity]*aggregate{}}
}

// Meter implements metric.MeterProvider.
func (p *Provider) Meter(name string, options ...metric.MeterOption) metric.Meter {
	c := metric.NewMeterConfig(options...)
	return &meter{Meter: p.MeterProvider.Meter(name, options...), provider: p, scope: instrumentation.Scope{
		Name: name, Version: c.InstrumentationVersion(), SchemaURL: c.SchemaURL(), Attributes: c.InstrumentationAttributes(),
	}}
}

type meter struct {
	metric.Meter // the SDK's

	provider *Provider
	scope    instrumentation.Scope
}

// Float64Histogram implements metric.Meter. The SDK has its say first: what it
// does not like is not ours.
func (m *meter) Float64Histogram(name string, options ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	h, err := m.Meter.Float64Histogram(name, options...)
	if err != nil || !h.Enabled(context.Background()) {
		return h, err
	}
	c := metric.NewFloat64HistogramConfig(options...)
	i := sdkmetric.Instrument{
		Name: name, Description: c.Description(), Unit: c.Unit(), Kind: sdkmetric.InstrumentKindHistogram, Scope: m.scope,
	}
	bounds, ok := m.provider.c.Bounds(i, c.ExplicitBucketBoundaries())
	a := m.provider.aggregateOf(&i, bounds, ok && !experimental(options))
	if a == nil {
		return h, nil
	}
	return &instrument{Float64Histogram: h, aggregate: a}, nil
}

// experimental reports whether options have something of the SDK's
// experiments, as the keys of attributes that are kept.
func experimental(options []metric.Float64HistogramOption) bool {
	return slices.ContainsFunc(options, func(o metric.Float64HistogramOption) bool {
		_, yes := o.(interface{ Experimental() })
		return yes
	})
}

// aggregateOf returns the same aggregate for the same instrument, or nil if it
// is left to the SDK. What was said first of an instrument holds for all who
// make it again, as with the SDK: else it would have two points of everything.
func (p *Provider) aggregateOf(i *sdkmetric.Instrument, bounds []float64, ours bool) *aggregate {
	key := identity{i.Scope, strings.ToLower(i.Name), i.Description, i.Unit}
	p.mu.Lock()
	defer p.mu.Unlock()
	a, known := p.instruments[key]
	if known {
		return a
	}
	if ours {
		a = newAggregate(i, bounds, &p.c)
		p.order = append(p.order, a)
	}
	p.instruments[key] = a
	return a
}
