// Package cost estimates what the reference deployment costs a month, at AWS's
// list prices. docs/cost.md has its tables, which a test keeps up to date:
//
//	go test ./internal/cost -update
//
// Start from [Estimate]. What there is, it takes from the description, the
// alarms and the text of the Terraform modules ([Count]); what flows through, it
// is told ([Traffic]); how large things are, a test measures with the real
// programs ([Sizes]).
//
// Only tests import this package.
package cost
