// Package spoilt tells a batch that SNS or SQS refused for what is in it from one
// that it refused for who sent it, how often, or to where. The first is worth
// sending entry by entry, the second is not. [Batch] says which it is.
//
// It is for those that send batches, and imports none of them.
package spoilt
