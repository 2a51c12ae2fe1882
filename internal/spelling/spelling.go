package spelling

import (
	"slices"
	"strings"
)

const (
	// longest is the length of a word, in characters, that anybody mistypes.
	longest = 255

	// beginning and within are the lengths of a word that says something as a part
	// of another.
	beginning, within = 3, 4

	// mostMistakes are few enough for two long words to be the same.
	mostMistakes = 4
)

// Nearest is the known word that is most like another, whatever their case, or
// nothing if none is: a third of its characters may be wrong, and one of a short
// word. Of those that are as near the first is taken. If none is, it is one that
// begins with the word, or has it within: half of a name is forgotten as easily.
func Nearest(word string, known []string) string {
	w := []rune(strings.ToLower(word))
	if len(w) == 0 || len(w) > longest {
		return ""
	}
	best, limit := "", min(max(1, len(w)/3), mostMistakes)
	for _, k := range known {
		if d := distance(w, []rune(strings.ToLower(k)), limit); d <= limit {
			best, limit = k, d-1
		}
	}
	if best == "" {
		return longer(string(w), known)
	}
	return best
}

// longer is a known word that a word, in lower case, is a part of.
func longer(word string, known []string) string {
	is := func(part func(s, part string) bool) int {
		return slices.IndexFunc(known, func(k string) bool { return part(strings.ToLower(k), word) })
	}
	if i := is(strings.HasPrefix); i >= 0 && len(word) >= beginning {
		return known[i]
	}
	if i := is(strings.Contains); i >= 0 && len(word) >= within {
		return known[i]
	}
	return ""
}

// distance is how many characters are to be added, left out, changed or swapped
// with their neighbour to make one word of another, or more than limit.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := previous[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			current[j] = min(previous[j]+1, current[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
