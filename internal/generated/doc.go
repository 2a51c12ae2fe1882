// Package generated keeps generated files in step with what they are made from:
// it writes them, or says which are not up to date. One of them, the list, names
// the others, so that no file is ever removed that was not generated.
//
// Start from [Set]. Of this module it imports nothing.
package generated
