// Package repo holds tests that guard the repository itself: what each program
// links, that every package says what it is for, that go.mod stays plain.
package repo
