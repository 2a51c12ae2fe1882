// Package awssdk instruments every client of aws-sdk-go-v2 with one line:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	awssdk.Instrument(&cfg, awssdk.Config{})
//
// Start from [Instrument]. Every call of every client that is made from cfg
// afterwards gets a CLIENT span and a duration; messages sent through SNS and
// SQS get PRODUCER spans and carry the trace context in their attributes.
//
// Bodies, secrets, phone numbers and the texts of errors are never recorded.
package awssdk
