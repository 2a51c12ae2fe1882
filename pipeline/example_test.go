package pipeline_test

import (
	"fmt"

	"github.com/tracehaul/tracehaul/pipeline"
)

func ExampleLoad() {
	p, err := pipeline.Load("testdata/reference/tracehaul.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.ServiceName(), p.TopicName())
	for i := range p.Consumers {
		c := &p.Consumers[i]
		fmt.Println(c.QueueName(), c.FunctionName(), c.Timeout)
	}
	// Output:
	// dev-orders-intake dev-orders-order
	// dev-intake-order-ledger dev-orders-ledger 30s
}

func ExampleLoadEnvironment() {
	p, err := pipeline.LoadEnvironment("testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Consumer("ledger").DLQName(), p.Database.MaxACU)
	// Output:
	// prod-intake-order-ledger-dlq 32
}

// Everything that is wrong is told at once.
func ExampleError() {
	_, err := pipeline.Parse("tracehaul.yaml", []byte(`
product: Orders
environment: dev
regoin: eu-central-1
`))
	fmt.Println(err)
	// Output:
	// tracehaul.yaml:2:1: consumers is missing
	// tracehaul.yaml:2:1: owner is missing
	// tracehaul.yaml:2:1: region is missing
	// tracehaul.yaml:2:1: routing is missing
	// tracehaul.yaml:2:1: service is missing
	// tracehaul.yaml:2:1: topic is missing
	// tracehaul.yaml:2:1: edge.authentication: jwt needs TLS, and so a domain; without one, say none
	// tracehaul.yaml:2:10: product: "Orders" must be lower-case letters, digits and single hyphens, beginning with a letter
	// tracehaul.yaml:4:1: regoin: is not a known setting (did you mean region?)
}
