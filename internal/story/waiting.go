package story

import (
	"slices"
	"sync"
	"time"
)

// patience is how long something may take before a person is told.
const patience = time.Second

// waiting tells whom it is waited for, once that takes long.
type waiting struct {
	tell func([]string)

	mu    sync.Mutex
	names []string
	told  []string
	timer *time.Timer
	over  bool
}

func newWaiting(tell func([]string)) *waiting {
	w := &waiting{tell: tell}
	if tell != nil {
		w.timer = time.AfterFunc(patience, w.tick)
	}
	return w
}

func (w *waiting) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || len(w.names) == 0 {
		return
	}
	if !slices.Equal(w.told, w.names) {
		w.told = slices.Clone(w.names)
		w.tell(slices.Clone(w.names))
	}
	w.timer.Reset(patience)
}

func (w *waiting) begin(name string) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names = append(w.names, name)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if i := slices.Index(w.names, name); i >= 0 {
			w.names = slices.Delete(w.names, i, i+1)
		}
	}
}

func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
}
