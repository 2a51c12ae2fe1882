// Package snsform writes the form of SNS's PublishBatch.
//
// Start from [Use], which puts [serializer] in the place of the SDK's own. It
// writes the same bytes, but straight into one buffer that calls share one
// after the other, where the SDK's makes a map of all fields first and some
// eleven allocations for every attribute of a message. Signing, retries and
// endpoints stay with the SDK; its tracing and metrics of the serialising
// alone, smithy's, are left out.
//
// The package imports the SDK, and nothing of this module.
package snsform
