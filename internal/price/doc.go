// Package price has those list prices of AWS that both the estimate of a pipeline's
// costs (internal/cost) and the board of costs (dashboards) count with.
//
// It imports nothing.
package price
