// Package interop holds tests of what this module and others read of each
// other's messages: OpenTelemetry JavaScript, with its instrumentation of the
// AWS SDK, on one end of a topic or a queue of the local cloud, and our own
// packages on the other; and the vectors in propagation/, by both.
//
// Start from TestPublish_JavaScript_ContinuedHere and
// TestReceive_JavaScript_ContinuesOurs. The tests need node and npm, which
// installs javascript/package-lock.json once into the user's cache; without
// node they are skipped, and dist/skipped-interop says so.
package interop
