//go:build unix

package localpipeline

import (
	"context"
	"fmt"
)

// route asks what the programs are to talk to.
func (l *Local) route(context.Context) error {
	for part, address := range map[Part]string{
		PartDatabase: l.addresses.DatabaseURL, PartSNS: l.addresses.SNS, PartSQS: l.addresses.SQS, PartOTLP: l.addresses.OTLP,
	} {
		routed, err := l.cfg.Route(part, address)
		if err != nil {
			return fmt.Errorf("route to %s: %w", part, err)
		}
		l.routed[part] = routed
	}
	return nil
}
