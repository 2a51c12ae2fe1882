// Package lambda runs a real Lambda binary the way AWS Lambda does, on this
// machine: the Runtime API and as much of the Extensions API as aws-lambda-go
// uses, execution environments (here: sandboxes) that are started on demand,
// reused, frozen, timed out and shut down, and the event source mapping that
// feeds a function from an SQS queue.
//
// Start from [New], which makes a [Function], and [NewMapping], which connects
// it to a queue. A sandbox is a child process with nothing but the environment
// that Lambda gives; the memory limit is told to it, and enforced on demand.
// [Config.Fault] lets a test kill it at a moment of its choice.
//
// The rules follow the AWS Lambda Developer Guide, cited beside the code. It
// is a test bed, not a product, and needs a Unix. It imports no other package
// of this module.
package lambda
