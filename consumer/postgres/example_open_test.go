package postgres_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
)

// Aurora with IAM authentication: nothing is connected to before the first
// batch, and the server must show a certificate of Amazon's.
func ExampleOpen() {
	awsConfig, err := config.LoadDefaultConfig(context.Background(), config.WithRegion("eu-west-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	pool, err := postgres.Open(postgres.Config{
		Host: "orders.cluster-abc.eu-west-1.rds.amazonaws.com",
		Name: "events",
		User: "consumer",
		Auth: postgres.AuthIAM,
		AWS:  awsConfig,
		// In the function's image: RootCAFile: "/etc/ssl/certs/global-bundle.pem",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	var sink consumer.Sink = postgres.New(pool)
	fmt.Printf("%T with %d connections\n", sink, pool.Stat().TotalConns())
	// Output: *postgres.Sink with 0 connections
}
