package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// filterOperators are the conditions that a filter policy may hold. (Amazon
// SNS developer guide, "Amazon SNS subscription filter policies".)
var filterOperators = []string{
	"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard",
}

// "Filter policy constraints" in the same guide.
const (
	maxFilterKeys         = 5
	maxFilterCombinations = 150
)

// checkFilter reports where a filter policy breaks SNS's rules: SNS would
// refuse it at deploy time, or worse, let nothing through.
func (l *loader) checkFilter(path string, c *Consumer) {
	if len(c.FilterPolicy) == 0 {
		if _, given := l.where[path]; given {
			l.report(path, "", "is empty; leave the key out to get all messages")
		}
		return
	}
	f := filterCheck{loader: l, body: c.FilterScope == "body", combinations: 1}
	f.mapping(path, c.FilterPolicy, 1)
	if f.keys > maxFilterKeys {
		l.report(path, "", fmt.Sprintf("has %d keys, %d are allowed", f.keys, maxFilterKeys))
	}
	if f.combinations > maxFilterCombinations {
		l.report(path, "", fmt.Sprintf("has %d combinations of values, %d are allowed", f.combinations, maxFilterCombinations))
	}
}

type filterCheck struct {
	*loader
	body               bool
	keys, combinations int
}

func (f *filterCheck) mapping(path string, policy map[string]any, depth int) {
	for _, key := range slices.Sorted(maps.Keys(policy)) {
		at := join(path, key)
		switch value := policy[key].(type) {
		case []any:
			if key == "$or" {
				f.alternatives(at, value, depth)
				continue
			}
			f.keys++
			f.values(at, value, depth)
		case map[string]any:
			if !f.body {
				f.report(at, "", "must be a list of values; only a policy with filter_scope: body has levels")
				continue
			}
			f.mapping(at, value, depth+1)
		default:
			f.report(at, "", "must be a list of values")
		}
	}
}

// alternatives checks "$or": two policies or more, of which one must hold.
func (f *filterCheck) alternatives(path string, list []any, depth int) {
	if len(list) < 2 {
		f.report(path, "", "needs at least two alternatives")
	}
	for i, entry := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		policy, ok := entry.(map[string]any)
		if !ok || len(policy) == 0 {
			f.report(at, "", "must be a mapping of keys to lists of values")
			continue
		}
		f.mapping(at, policy, depth)
	}
}

// values checks the list of values of one key. Each level of nesting counts as
// often as it is deep.
func (f *filterCheck) values(path string, list []any, depth int) {
	if len(list) == 0 {
		f.report(path, "", "is empty, so nothing would match")
		return
	}
	if f.combinations <= maxFilterCombinations { // beyond that it only grows
		f.combinations *= len(list) * depth
	}
	for i, entry := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch v := entry.(type) {
		case []any:
			f.report(at, "", "is a list within a list of values")
		case map[string]any:
			f.operator(at, v)
		}
	}
}

func (f *filterCheck) operator(path string, condition map[string]any) {
	if len(condition) != 1 {
		f.report(path, "", "must hold one condition")
		return
	}
	for name, value := range condition {
		if want := operand(name, value); want != "" {
			f.report(join(path, name), "", "must be "+want)
		}
		if !slices.Contains(filterOperators, name) {
			f.report(path, "", fmt.Sprintf("%q is no condition of a filter policy%s: %s",
				shorten(name), suggest(name, filterOperators), strings.Join(filterOperators, ", ")))
		}
	}
}
