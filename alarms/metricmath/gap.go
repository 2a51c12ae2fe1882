package metricmath

import "slices"

// gap says when a node has no datapoint at a time.
type gap int

const (
	gapOfAny  gap = iota // where one of its parts has none
	gapOfEach            // where none of its parts has one: a sum of two series, see merge
	gapFilled            // where the last part has none, if the first is no more than inputs
)

// Unfilled returns the ids of the inputs whose gaps reach the result, in the order
// of their first use. sparse says which inputs have gaps that stand for zeros.
//
// Those of m1 do not in FILL(m1, 0) and FILL([m1, m2], 0), where its times alone
// count, as in PERIOD(m1), and in m1 + m2 if m2 is not sparse. They do in
// FILL(5 - m1, 0), where 0 is not what a zero would give, and in FILL(m1, REPEAT),
// where the first gap stays.
func (e *Expression) Unfilled(sparse func(id string) bool) []string {
	found := e.root.unfilled(sparse)
	return slices.DeleteFunc(e.IDs(), func(id string) bool { return !slices.Contains(found, id) })
}

func (n node) unfilled(sparse func(id string) bool) []string {
	if n.id != "" && sparse(n.id) {
		return []string{n.id}
	}
	parts := n.parts
	if n.gap == gapFilled && n.parts[0].plain() {
		parts = parts[1:]
	}
	var found, added []string
	whole := n.gap == gapOfEach // whether added are, too
	for _, part := range parts {
		switch of := part.unfilled(sparse); {
		case len(of) == 0:
			added, whole = nil, false
		case n.gap == gapOfEach && part.additive():
			added = append(added, of...)
		default:
			found = append(found, of...)
		}
	}
	if whole {
		found = append(found, added...)
	}
	return found
}

// additive reports whether a node is a sum of inputs: where one of them has a gap,
// it is what a zero would give.
func (n node) additive() bool {
	return n.plain() || n.gap == gapOfEach && n.parts[0].additive() && n.parts[1].additive()
}

// plain reports whether a node is no more than inputs, with their gaps.
func (n node) plain() bool {
	if n.id != "" {
		return true
	}
	return n.passes && !slices.ContainsFunc(n.parts, func(part node) bool { return !part.plain() })
}
