//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tracehaul/tracehaul/internal/program"
)

// output keeps the last lines that programs wrote, for when something fails,
// and what no program should ever write.
type output struct {
	program.Tail

	mu     sync.Mutex
	crash  string // the first line of one
	counts map[string]int
}

// newOutput returns one of whose lines all is told; nil for nobody.
func newOutput(all io.Writer) *output { return &output{Tail: program.Tail{All: all, Lines: 30}} }

// crashes begin the last words of a Go program.
var crashes = []string{"panic: ", "fatal error: ", "WARNING: DATA RACE"}

func (o *output) add(program, line string) {
	text := fmt.Sprintf("%-8s %s", filepath.Base(program), readable(line))
	o.Keep(text)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range crashes {
		if o.crash == "" && strings.Contains(line, c) {
			o.crash = text
		}
	}
	for watched := range o.counts {
		if strings.Contains(line, watched) {
			o.counts[watched]++
		}
	}
}

// watch has lines counted that contain a text.
func (o *output) watch(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = map[string]int{}
	}
	o.counts[text] = 0
}

// count is how many lines have contained a text that is watched.
func (o *output) count(text string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[text]
}

// crashed returns the first line of a crash, if a program has crashed.
func (o *output) crashed() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.crash
}

// readable writes a line of a log for a person: without the resource's
// attributes, which have dots in their names. Other lines stay as they are.
func readable(line string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) != nil {
		return line
	}
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "%v %v: %v", fields["time"], fields["level"], fields["msg"])
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != "time" && name != "level" && name != "msg" && !strings.Contains(name, ".") {
			_, _ = fmt.Fprintf(&text, " %s=%v", name, fields[name])
		}
	}
	return text.String()
}
