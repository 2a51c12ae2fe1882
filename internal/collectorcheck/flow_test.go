//go:build unix

package collectorcheck_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// identity are the attributes by which everything is found again.
var identity = map[string]string{"service.name": serviceName, "service.version": version, "deployment.environment.name": "prod"}

// arrivalTimeout is longer than anything is held back.
const arrivalTimeout = 15 * time.Second

// quick makes a collector tell about itself at once.
var quick = edit{"interval: 60000", "interval: 300"}

func TestConfigs_Validate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c config) error {
		t.Helper()
		variables := c.given()
		maps.Copy(variables, newReceiver(t, c).taskRole())
		return validate(t.Context(), otelcol(t), c.text(t), variables)
	})
}

func TestConfigs_TelemetryGoesThrough(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c config) error {
		t.Helper()
		return passes(t, newSidecar(t, c, quick))
	})
}

// passes sends telemetry of all kinds through a collector, which ends when all was
// sent, and says what of it has not arrived as it should.
func passes(t *testing.T, s sidecar) error {
	t.Helper()
	sent, err := s.sendAll(t)
	if err != nil {
		return err
	}
	got := s.to.got()
	errs := []error{s.to.fault()}
	if got.spans != sent.spans {
		errs = append(errs, fmt.Errorf("%d of %d spans arrive", got.spans, sent.spans))
	}
	if s.config.logs && got.records != sent.records {
		errs = append(errs, fmt.Errorf("%d of %d log records arrive", got.records, sent.records))
	}
	if sum := s.to.sum(counter); sum != counted {
		errs = append(errs, fmt.Errorf("%s is %v, want %d", counter, sum, counted))
	}
	if s.config.remoteWrite {
		errs = append(errs, s.to.labelled())
	} else if got.points < sent.points {
		errs = append(errs, fmt.Errorf("%d of %d data points arrive", got.points, sent.points))
	}
	return errors.Join(append(errs, s.to.identified(s.config), s.to.selfAware(s.config))...)
}

// sendAll is a service's life beside a collector: it is there first, works, and
// goes first. Then requests come that are larger than back ends take.
func (s sidecar) sendAll(t *testing.T) (sent counts, err error) {
	t.Helper()
	ctx := t.Context()
	tel, err := newService(t, s, "http/protobuf")
	if err != nil {
		return sent, err
	}
	tel.counter.Add(ctx, 3) // before there is a collector
	c, err := s.start(t)
	if err != nil {
		return sent, err
	}
	for _, n := range []int64{1, counted - 4} {
		tel.work(ctx, n)
		if err := tel.ForceFlush(ctx); err != nil {
			return sent, err
		}
	}
	if err := tel.Shutdown(ctx); err != nil {
		return sent, err
	}
	sent = counts{spans: 4, records: 2}
	overGRPC, err := newService(t, s, "grpc")
	if err != nil {
		return sent, err
	}
	_, span := overGRPC.TracerProvider().Tracer("check").Start(ctx, "over gRPC")
	span.End()
	sent.spans++
	if err := overGRPC.Shutdown(ctx); err != nil {
		return sent, err
	}
	const manySpans, manyPoints = 9_900, 2_000 // package telemetry sends no more than 4 MiB at once
	if err := errors.Join(s.post(ctx, "traces", spans(manySpans)), s.post(ctx, "metrics", histograms(manyPoints))); err != nil {
		return sent, err
	}
	sent.spans, sent.points = sent.spans+manySpans, manyPoints
	if err := s.to.waitFor(ctx, "what the collector says of itself", func() bool {
		return slices.Contains(s.to.names(), s.config.selfMetric("otelcol_exporter_sent_spans"))
	}); err != nil {
		return sent, fmt.Errorf("%w: %s", err, c.log())
	}
	return sent, c.end(ctx)
}

// waitFor waits until something has come in.
func (r *receiver) waitFor(ctx context.Context, what string, came func() bool) error {
	return r.waitAtMost(ctx, arrivalTimeout, what, came)
}

func (r *receiver) waitAtMost(ctx context.Context, most time.Duration, what string, came func() bool) error {
	for deadline := time.Now().Add(most); !came(); time.Sleep(50 * time.Millisecond) {
		if err := r.fault(); err != nil {
			return err
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("%s does not arrive", what)
		}
	}
	return nil
}

// selfMetric is the name under which a counter of the collector's arrives.
func (c config) selfMetric(name string) string {
	if c.remoteWrite {
		return name + "_total"
	}
	return name
}

// identified checks that the resource has arrived whole with each signal.
func (r *receiver) identified(c config) error {
	signals := []string{"traces", "metrics", "logs"}
	if c.remoteWrite {
		signals = []string{"traces"}
	}
	if !c.logs {
		signals = slices.DeleteFunc(signals, func(signal string) bool { return signal == "logs" })
	}
	var errs []error
	for _, signal := range signals {
		got := r.resources(signal)[serviceName]
		for name, want := range identity {
			if got[name] != want {
				errs = append(errs, fmt.Errorf("%s: %s is %q, want %q", signal, name, got[name], want))
			}
		}
		if got["service.instance.id"] == "" {
			errs = append(errs, fmt.Errorf("%s: there is no service.instance.id", signal))
		}
	}
	return errors.Join(errs...)
}

// labelled checks that every series of the service's has the labels that
// docs/dashboards.md asks for, and that one of them has an exemplar.
func (r *receiver) labelled() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, exemplars := 0, 0
	for _, s := range r.series {
		if !strings.HasSuffix(s.labels["job"], serviceName) || s.labels["__name__"] == "target_info" {
			continue
		}
		found++
		exemplars += s.exemplars
		for name, want := range identity {
			if label := strings.ReplaceAll(name, ".", "_"); s.labels[label] != want {
				return fmt.Errorf("%s: the label %s is %q, want %q", s.labels["__name__"], label, s.labels[label], want)
			}
		}
		if s.labels["service_instance_id"] == "" {
			return fmt.Errorf("%s: there is no label service_instance_id", s.labels["__name__"])
		}
	}
	if found == 0 || exemplars == 0 {
		return fmt.Errorf("%d series with %d exemplars arrive, want some of both", found, exemplars)
	}
	return nil
}

// selfAware checks that a collector tells what it loses, and who it is.
func (r *receiver) selfAware(c config) error {
	if !c.remoteWrite {
		if got := r.resources("metrics")["collector"]["deployment.environment.name"]; got != "prod" {
			return fmt.Errorf("the collector's own deployment.environment.name is %q, want prod", got)
		}
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.series {
		if s.labels["__name__"] == c.selfMetric("otelcol_exporter_sent_spans") && s.labels["service_name"] == "collector" && s.labels["deployment_environment_name"] == "prod" {
			return nil
		}
	}
	return errors.New("no otelcol_exporter_sent_spans_total of service_name collector arrives")
}
