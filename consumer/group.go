package consumer

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// group runs functions in goroutines of their own. A panic of one of them, which
// would end the process, becomes that of whoever waits: it fails a batch alone.
type group struct {
	running sync.WaitGroup

	mu     sync.Mutex
	caught *caught
}

// caught is a panic that is passed on to another goroutine; awslambda tells of it
// as if that were the one.
type caught struct {
	value any
	stack []byte
}

func (c *caught) Value() any    { return c.value }
func (c *caught) Stack() []byte { return c.stack }

// Error is what the runtime prints where nobody recovers.
func (c *caught) Error() string {
	return fmt.Sprintf("%v, in another goroutine:\n\n%s", c.value, c.stack)
}

func (g *group) run(do func()) {
	g.running.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.caught = &caught{p, debug.Stack()}
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
