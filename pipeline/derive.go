package pipeline

import (
	"strings"
	"time"
)

// derive sets the settings whose default depends on others.
func (p *Pipeline) derive() {
	if p.Runbooks == "" && p.Repository != "" {
		p.Runbooks = p.Repository + "/blob/main/docs/runbooks"
	}
	if p.Edge.HostedZone == "" && p.Edge.Domain != "" {
		_, p.Edge.HostedZone, _ = strings.Cut(p.Edge.Domain, ".")
	}
	if p.Database.Name == "" {
		p.Database.Name = strings.ReplaceAll(p.Product, "-", "_")
	}
	if p.Dashboards.Folder == "" {
		p.Dashboards.Folder = p.Product
	}
	for i := range p.Consumers {
		c := &p.Consumers[i]
		c.pipeline = p
		if c.Owner == "" {
			c.Owner = p.Owner
		}
		if c.VisibilityTimeout == 0 {
			c.VisibilityTimeout = c.leastVisibilityTimeout()
		}
	}
}

// leastVisibilityTimeout leaves Lambda time to retry a batch that it was
// throttled on: six timeouts and the batch window. (AWS Lambda developer
// guide, "Creating and configuring an Amazon SQS event source mapping".)
func (c *Consumer) leastVisibilityTimeout() time.Duration {
	return 6*c.Timeout + c.BatchWindow
}
