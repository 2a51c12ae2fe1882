// Package lambdamain is what the main packages of our Lambda functions have in
// common: setting up telemetry and AWS, listing variables, and ending with a
// message when something is wrong.
//
// Start from [Main], and from a table of variables of package setting.
//
// It imports internal/setting and telemetry, and is imported by packages below
// cmd alone.
package lambdamain
