// Package workflows holds tests of .github: that the workflows keep the rules of
// this repository, that every command, script, Terraform module and variable
// that they name is there, and that a release goes as docs/delivery.md says.
//
// Start from TestRelease: it runs the steps of a release with the real tracehaul
// and with stand-ins for what needs an account.
package workflows
