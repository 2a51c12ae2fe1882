// Package lambdamain is what the main packages of our Lambda functions have in
// common: reading settings from the environment, setting up telemetry, and
// ending with a message when something is wrong.
//
// Start from [Main], and from a table of [Variable] for [Read].
//
// It imports telemetry, and is imported by packages below cmd alone.
package lambdamain
