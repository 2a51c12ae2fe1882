// Package alb is a stand-in for an Application Load Balancer: it adds and
// rewrites X-Amzn-Trace-Id by the balancer's rules, forwards to targets that
// it keeps healthy or not, answers 502, 503, 504 and 460 where a balancer
// does, and writes access-log entries in the balancer's format.
//
// Start from [New]. It is a test bed and a demo, never a product: plain HTTP
// on loopback, round robin, one target group. Access-log entries are kept in a
// bounded ring and nothing else is kept.
//
// Rules carry the name of the page of the user guide "Elastic Load Balancing,
// Application Load Balancers" that states them. The package imports the
// standard library alone.
package alb
