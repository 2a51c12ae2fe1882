// The consumer is the Lambda function that takes batches of events from an SQS
// queue and writes them to PostgreSQL. See package consumer.
package main

// version is set by -ldflags "-X main.version=...".
var version = ""

func main() { _ = version }
