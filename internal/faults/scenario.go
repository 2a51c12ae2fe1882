//go:build unix

package main

import (
	"context"
	"maps"
	"time"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/pipeline"
)

// scenario is one fault and what must be true in spite of it. It is used once:
// its functions may share variables.
type scenario struct {
	// name is the part that fails and how: "database/dropped-after-commit".
	name string

	// what says in a sentence what goes wrong.
	what string

	// events is how many are to be sent. Defaults to 200.
	events int

	// short makes it part of the short form, which CI runs.
	short bool

	// spansMayMiss is why some spans cannot arrive, as when a killed process
	// takes its last ones with it. Traces are then held to the ids on rows and
	// messages, and not to their spans. Defaults to "": every tree is whole.
	spansMayMiss string

	// invocationsFail is why invocations of the consumer end with their process,
	// which takes their spans with it. The traces of the messages they had are
	// held to the ids alone, all others to their spans. Defaults to "".
	invocationsFail string

	// lettersRepeat is why the same message may be in the dead-letter queue
	// more than once. Defaults to "": once.
	lettersRepeat string

	// commitUnknown is why a row may be there although its INSERT is shown as
	// failed: the server had committed when its answer was lost. Then another
	// delivery has found the row, and its INSERT worked. Defaults to "": the
	// INSERT that wrote a row has worked.
	commitUnknown string

	// alone is why nothing else may run at the same time. Defaults to "":
	// another scenario may.
	alone string

	// setup changes what runs before it starts. Defaults to no change.
	setup func(*settings)

	// run sends events, breaks something, mends it, and says with world.hit
	// that the fault was met. Required.
	run func(context.Context, *world) error

	// check is what must be true beyond the books. Defaults to nothing.
	check func(*world, *account) error
}

const defaultEvents = 200

// settings are what a scenario may change of the pipeline before it starts.
type settings struct {
	// config is the pipeline's; Fault, Output, Migrate and Route are taken.
	config *localpipeline.Config

	// consumer is the only one there is.
	consumer *pipeline.Consumer

	// routes put something between the programs and a part; see
	// localpipeline.Config.Route.
	routes map[localpipeline.Part]func(address string) (string, error)

	// patience is how long it may take until the queue is empty. Defaults to
	// 60 s.
	patience time.Duration

	// serviceClock and consumerClock are how far the clocks of the programs are
	// ahead. Default to 0.
	serviceClock, consumerClock time.Duration

	// runtimeMetrics has the programs send the metrics of the Go runtime.
	runtimeMetrics bool

	undo []func(context.Context) error
}

// onStop has something done when the pipeline has been stopped.
func (s *settings) onStop(undo func(context.Context) error) { s.undo = append(s.undo, undo) }

// serviceEnv and consumerEnv set variables of the programs.
func (s *settings) serviceEnv(env map[string]string) { maps.Copy(s.config.ServiceEnv, env) }

func (s *settings) consumerEnv(env map[string]string) { maps.Copy(s.config.ConsumerEnv, env) }
