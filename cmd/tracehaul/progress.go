package main

import (
	"cmp"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// progress tells, on standard error, what takes longer than a second: on a
// terminal in one line that is rewritten, elsewhere in a line now and then.
type progress struct {
	w        io.Writer
	terminal bool

	mu          sync.Mutex
	what        string
	count       string // how far it is, once that is told
	begin, last time.Time
	shown       bool          // a line stands on the terminal
	end         chan struct{} // of the clock that tells of a phase
}

// How often progress is told after the first second.
const (
	everyCount = 200 * time.Millisecond // what counts, on a terminal
	everyPhase = time.Second            // what does not
	everyLine  = 10 * time.Second       // elsewhere
)

// newProgress is for what counts: tell says how far it is.
func newProgress(w io.Writer, what string) *progress {
	return &progress{w: w, what: what, terminal: isTerminal(w), begin: time.Now()}
}

// startProgress has a clock besides, for what cannot tell how far it is, or has to
// wait before it can. Another phase may follow, and done ends the last.
func startProgress(w io.Writer, what string) *progress {
	p := newProgress(w, what)
	p.phase(what)
	return p
}

// phase begins something else, of which a clock tells how long it has taken.
func (p *progress) phase(what string) {
	p.done()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.count, p.begin, p.last, p.end = what, "", time.Now(), time.Time{}, make(chan struct{})
	go p.tick(p.end)
}

// rename says what is done now, and goes on counting the time.
func (p *progress) rename(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = what
}

func (p *progress) tick(end <-chan struct{}) {
	ticker := time.NewTicker(everyPhase)
	defer ticker.Stop()
	for seconds := 1; ; seconds++ {
		select {
		case <-end:
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		if p.end == end { // or it was done meanwhile
			p.clock(time.Duration(seconds) * everyPhase)
		}
		p.mu.Unlock()
	}
}

// clock says how long it has taken, or how far it is. The lock is held.
func (p *progress) clock(took time.Duration) {
	age := trace.FormatAge(took)
	switch {
	case p.terminal && p.count == "":
		p.line(fmt.Sprintf("%s (%s)", p.what, age))
	case p.terminal:
		p.line(p.count)
	case p.last.IsZero():
		p.last = time.Now()
		p.line(cmp.Or(p.count, p.what))
	case took%(6*everyLine) == 0 && time.Since(p.last) >= everyLine:
		p.line(cmp.Or(p.count, fmt.Sprintf("%s: %s so far", p.what, age)))
	}
}

// tell says how far it is.
func (p *progress) tell(at deadletter.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	every := everyLine
	if p.terminal {
		every = everyCount
	}
	p.count = fmt.Sprintf("%s: %d of about %d", p.what, at.Done, at.Total)
	if left := at.Total - at.Done; at.Done > 0 && left > 0 {
		p.count += ", " + trace.FormatAge(time.Duration(float64(now.Sub(p.begin))/float64(at.Done)*float64(left))) + " left"
	}
	if now.Sub(p.begin) < time.Second || now.Sub(p.last) < every {
		return
	}
	p.last = now
	p.line(p.count)
}

// line shows a line in place of the last one. The lock is held.
func (p *progress) line(text string) {
	if !p.terminal {
		fmt.Fprintln(p.w, text)
		return
	}
	p.shown = true
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
}

// clear takes the line off the terminal. The lock is held.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// done takes the line away. It may be called again.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end != nil {
		close(p.end)
		p.end = nil
	}
	p.clear()
}

// Write is for others who write where the line stands, such as a log.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.w.Write(b)
}

// before is w; the first that is written to it ends the progress.
func (p *progress) before(w io.Writer) io.Writer { return endingWriter{p, w} }

type endingWriter struct {
	p *progress
	w io.Writer
}

func (e endingWriter) Write(b []byte) (int, error) {
	e.p.done()
	return e.w.Write(b)
}
