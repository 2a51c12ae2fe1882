// Package routing says who hears of an alarm: to which destinations of a
// pipeline's description an alarm with a severity and an owner goes at a time.
//
// Start from [Destinations]. The notifier and the scenarios both use it, so what
// a scenario shows is what people will hear.
//
// Of this module it imports pipeline.
package routing
