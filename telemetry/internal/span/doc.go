// Package span is the implementation of OpenTelemetry's tracing API that
// programs run with. A span is encoded as OTLP while it is made: attributes,
// events and links go straight into a pooled buffer, and when the span ends
// its bytes go into the queue. There is no snapshot, and nothing of a span
// is kept that a garbage collector has to look at.
//
// Start from [New]. Instrumentation of this module starts its spans through
// [Start] and adds to them through [SetAttributes], [AddLink] and [End]: with
// the Tracers of this package these do without what the API's options and
// interfaces allocate, with any other they call it. Many spans that are alike
// are made by a [Group], as [Children] or as [Siblings], which encode them
// while the program waits for something else and end them with eight bytes.
//
// What a span does is what the SDK's does, with the same limits and samplers;
// tests compare the two.
package span
