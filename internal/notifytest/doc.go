// Package notifytest has stand-ins for what the notifier talks to: Slack,
// PagerDuty, incident.io, a dead man's switch and four services of AWS, over
// HTTP on loopback or, for tests with a clock of their own, without a network.
// They check what they are sent as the real ones do, each rule citing its
// source, keep it for tests to look at, and fail on demand.
//
// Start from [Start]. They know the calls that the notifier makes and no
// others.
//
// Of this module it imports nothing.
package notifytest
