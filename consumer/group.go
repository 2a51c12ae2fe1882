package consumer

import "sync"

// group runs functions in goroutines of their own. A panic of one of them, which
// would end the process, becomes that of whoever waits: it fails a batch alone.
type group struct {
	running sync.WaitGroup

	mu     sync.Mutex
	caught any // what one of them panicked with
}

func (g *group) run(do func()) {
	g.running.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.caught = p
			}
		}()
		do()
	})
}

// wait waits until all have returned.
func (g *group) wait() {
	g.running.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.caught != nil {
		panic(g.caught)
	}
}
