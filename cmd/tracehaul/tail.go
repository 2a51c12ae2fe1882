package main

import (
	"strings"
	"sync"
)

// tailLines is how much of the programs' output an error shows.
const tailLines = 20

// tail keeps the last lines that programs wrote, for when something fails.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(program, line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == tailLines {
		t.lines = t.lines[1:]
	}
	t.lines = append(t.lines, program+": "+line)
}

// text is the last lines as the end of an error, or nothing.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return ""
	}
	return "\nThe last lines of the programs' output:\n  " + strings.Join(t.lines, "\n  ")
}
