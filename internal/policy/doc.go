// Package policy reads the Terraform below iac/ and says where it breaks the
// project's rules of security: who is let in, what is encrypted, kept, public,
// and what stands where a secret could be read. No provider, plan or account is
// needed: it reads the text. Its tests are what `go test` runs over the
// modules, and what breaks each rule on purpose.
//
// Start from [Read], which parses the modules, and [Check], which returns what
// is wrong.
//
// An expression is not computed, as most of what it depends on is known only to
// AWS. [Value] is what it may become: both sides of a condition, every element
// of a list, whatever a `for` leaves out. So a policy is judged by all that it
// may ever say. What cannot be read is an error: nothing is passed over.
//
// A second test compares what each role may do with the calls to AWS that its
// program makes (package calls), in both directions.
//
// What AWS asks for when an action is called is in testdata/sar.json, rows of its
// Service Authorization Reference. By them a role's policy is judged, and that of
// delivery by what Terraform calls for each type of resource.
//
// Only tests import this package; no program links it, or the parser of HCL.
package policy
