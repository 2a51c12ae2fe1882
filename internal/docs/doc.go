// Package docs reads the repository's documents: the commands that stand in them.
// Its tests hold all documents to what they say: that links lead somewhere, that
// every command is there and can be read by the shell, that those that need nothing
// run, and that the pages for whoever owns a deployment do what they say.
//
// Start from [Commands]. The tool's own tests read the commands of the tool with its
// parser. TestDeployFromNothing_Runs runs a page as it stands, with the real
// tracehaul and with stand-ins for what needs an account, and compares every call of
// Terraform with the modules.
package docs
