// Package routing says who hears of an alarm: which destinations of a pipeline's
// description an alarm of a severity and an owner goes to at a time.
//
// Start from [Destinations]. The notifier goes by it, and scenarios by the same,
// so that what a scenario shows is what people will hear.
//
// Of this module it imports pipeline.
package routing
