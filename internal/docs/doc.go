// Package docs holds tests of the pages in docs/ that are for whoever owns a
// deployment: that their links lead somewhere, that what they print is what is
// printed, and that their commands run.
//
// Start from TestDeployFromNothing_Runs: it runs the page as it stands, with the
// real tracehaul and with stand-ins for what needs an account, and compares every
// call of Terraform with the modules.
package docs
