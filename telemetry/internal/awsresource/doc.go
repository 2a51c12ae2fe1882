// Package awsresource finds out where on AWS the program runs, as attributes
// of OpenTelemetry's resource: from a Lambda's environment and from Amazon
// ECS's task metadata endpoint.
package awsresource
