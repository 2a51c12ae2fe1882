// Package setting reads a program's settings from its environment, so that all
// programs name what is wrong in the same words.
//
// Start from a table of [Variable], for [Read] and [List].
//
// The package imports nothing of this module.
package setting
