// Package licence finds the licences of all that a program links, says which may
// not be linked, and writes the notices that the others demand. Start from Of;
// Notices makes the file THIRD_PARTY_NOTICES that goes with the program.
//
// Texts are recognised by licensecheck, as pkg.go.dev does. What it does not
// recognise is an error that names the module: somebody reads it, and adds it to
// reviewed.
//
// It may import nothing else of ours.
package licence
