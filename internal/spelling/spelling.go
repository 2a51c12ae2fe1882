package spelling

import (
	"slices"
	"strings"
)

const (
	// longest is the length of a word, in characters, that anybody mistypes.
	longest = 255

	// beginning and within are the lengths, in characters, from which on a word says
	// something as a part of another.
	beginning, within = 3, 4

	// mostMistakes are few enough for two long words to be the same.
	mostMistakes = 4
)

// Nearest is the known word that is most like another, whatever their case. A
// third of its characters may be wrong, and one of a short word; of several that
// are as near it is the first. If none is near, it is one that begins with the
// word or has it within, as half of a name is forgotten as easily, or else "".
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
		return longer(w, known)
	}
	return best
}

// longer is a known word that a word, in lower case, is a part of.
func longer(word []rune, known []string) string {
	for _, part := range []struct {
		least int
		is    func(s, part string) bool
	}{{beginning, strings.HasPrefix}, {within, strings.Contains}} {
		i := slices.IndexFunc(known, func(k string) bool { return part.is(strings.ToLower(k), string(word)) })
		if i >= 0 && len(word) >= part.least {
			return known[i]
		}
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
