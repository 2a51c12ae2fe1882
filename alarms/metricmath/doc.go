// Package metricmath reads and evaluates CloudWatch's metric math, as far as an
// alarm can use it.
//
// Start from [Parse]. It checks an expression in full, the kinds of all
// arguments included, so that what it accepts can be evaluated without an
// error: [Expression.Eval] takes the datapoints of the inputs and returns those
// of the expression. [Expression.IDs] says which inputs it needs.
//
// What is known: numbers, ids, + - * / ^, comparisons, AND OR && ||, lists such
// as [m1, m2], and the functions ABS, AVG, CEIL, DATE, DAY, DIFF, EPOCH, FILL,
// FLOOR, HOUR, IF, MAX, MIN, MINUTE, MONTH, PERIOD, RATE, SUM and YEAR. Other
// functions of CloudWatch are refused by name.
//
// The rules follow "Use metric math", CloudWatch user guide. Where that page is
// silent, the choice made is named at the code: the constant fillsEmpty is one.
//
// Of this module it imports nothing.
// It needs the standard library alone.
package metricmath
