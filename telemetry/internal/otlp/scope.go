package otlp

import (
	"iter"

	"go.opentelemetry.io/otel/sdk/instrumentation"
)

// byScope groups items by the scope they come from, scopes in the order in
// which they first appear. Programs have a handful of scopes, and neighbours
// share theirs, so that comparing is cheaper than hashing.
func byScope[T any](items []T, scopeOf func(*T) instrumentation.Scope) iter.Seq2[*instrumentation.Scope, iter.Seq[*T]] {
	var scopes []instrumentation.Scope
	index := make([]int, len(items))
	last := 0
	for i := range items {
		scope := scopeOf(&items[i])
		if len(scopes) == 0 || scopes[last] != scope {
			last = 0
			for last < len(scopes) && scopes[last] != scope {
				last++
			}
			if last == len(scopes) {
				scopes = append(scopes, scope)
			}
		}
		index[i] = last
	}
	return func(yield func(*instrumentation.Scope, iter.Seq[*T]) bool) {
		for n := range scopes {
			if !yield(&scopes[n], only(items, index, n)) {
				return
			}
		}
	}
}

// only visits the items whose index is n.
func only[T any](items []T, index []int, n int) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range items {
			if index[i] == n && !yield(&items[i]) {
				return
			}
		}
	}
}
