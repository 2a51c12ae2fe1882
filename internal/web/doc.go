// Package web is the page that `tracehaul up` serves: the latest traces, and
// one trace as a waterfall from the load balancer to the row, with what each
// hop knew of the event.
//
// Start from [New]. The page is plain HTML, CSS and JavaScript, embedded as it
// is written: there is no build step and it loads nothing from elsewhere. It is
// for one person on the machine it runs on: requests that name another host,
// or come from another site's page, are refused.
package web
