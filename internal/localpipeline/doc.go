//go:build unix

// Package localpipeline runs the whole pipeline of a description on one
// machine: the service and the consumers as their real programs, between a
// stand-in for the load balancer, the local SNS and SQS, the Lambda Runtime
// API, and a private PostgreSQL. The programs get endpoints and nothing else:
// they cannot tell it from AWS.
//
// Start from [Start]. The demo, `tracehaul up` and the tests of the whole
// path use it. It is the top of internal: it imports package pipeline for the
// names and the local cloud for the parts. Whoever starts it brings the
// programs and the database's migration.
package localpipeline
