// Package repo holds tests that guard the repository itself: what each program
// links and why, that every package says what it is for and what it imports, that
// the tree in the README is the tree, that go.mod stays plain, what others may use
// of each package, that files and functions fit a head.
package repo
