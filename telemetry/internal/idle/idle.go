package idle

import (
	"context"
	"sync"
)

// Work is what can be put off. It is done once.
type Work struct {
	once sync.Once
	do   func()
}

// Later returns work that do does.
func Later(do func()) *Work { return &Work{do: do} }

// Do does the work unless it has been done, or waits for whoever is at it.
func (w *Work) Do() { w.once.Do(w.do) }

type key struct{}

// Context returns a context in which Run finds the work.
func Context(ctx context.Context, w *Work) context.Context {
	return context.WithValue(ctx, key{}, w)
}

// Run does the work that a context has, if there is any. It is to be called
// beside what is waited for.
func Run(ctx context.Context) {
	if w, ok := ctx.Value(key{}).(*Work); ok {
		w.Do()
	}
}
