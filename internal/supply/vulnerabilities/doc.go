// Command vulnerabilities looks for known vulnerabilities in what every module of
// this repository calls, with govulncheck. Start from run.
//
// A vulnerability that the code can reach fails, unless build/vulnerabilities.yaml
// has a review of it that has not expired. One that is linked and not called is
// shown, no more. Where the database cannot be had, or is empty, nothing is known:
// that is said loudly, and fails with -required.
//
// It may import anything; nothing imports it.
package main
