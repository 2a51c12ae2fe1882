// Package pipeline is the description of one pipeline, tracehaul.yaml, and the
// only place where a name is made from it.
//
// Start from [Load], or from [LoadEnvironment] for an environment that has a
// file of its own. Both return a [Pipeline] with every default filled in, or an
// [*Error] that lists all problems at once, each with file, line and column.
//
// # Environments
//
// tracehaul.yaml describes the pipeline in full. A file environments/NAME.yaml
// beside it has the same shape and holds only what differs there. Sections are
// merged setting by setting and consumers by name; a setting that is a list or
// a mapping (tags, filter_policy, routes, destinations) is replaced as a whole.
//
// # Names
//
// A name is <environment>-<product>-<component>, that of a queue
// <environment>-<service>-<event>-<consumer>. See [Pipeline.Names]: Terraform,
// alarms and dashboards use these and make none of their own. Names are checked
// against the limits of the AWS service that takes them.
//
// # For other programs
//
// [Pipeline.MarshalJSON] writes the description with all defaults and names:
// what Terraform reads with yamldecode, JSON being YAML. The file
// tracehaul.schema.json is the JSON Schema for editors, made from the same
// types.
//
// Of this module it imports internal/spelling.
package pipeline

//go:generate go test -run _Committed_ -update .
