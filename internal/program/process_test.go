//go:build unix

package program_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/program"
)

// collect gathers lines from several goroutines.
type collect struct {
	mu    sync.Mutex
	lines []string
	first chan struct{}
	once  sync.Once
}

func newCollect() *collect { return &collect{first: make(chan struct{})} }

func (c *collect) add(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, line)
	c.once.Do(func() { close(c.first) })
}

func shell(t *testing.T, script string, c *collect) *program.Process {
	t.Helper()
	p, err := program.Start("/bin/sh", []string{"GIVEN=yes"}, c.add, "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(t.Context(), time.Millisecond) })
	return p
}

func TestStart_OutputAndEnvironment(t *testing.T) {
	c := newCollect()
	p := shell(t, `echo "$GIVEN $HOME"; printf %s "no line break" >&2`, c)
	<-p.Done()
	slices.Sort(c.lines) // of two streams, each of which is read by itself
	if diff := cmp.Diff([]string{"no line break", "yes "}, c.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if err := p.Stop(t.Context(), time.Second); err != nil {
		t.Errorf("stop after a clean end: %v", err)
	}
}

func TestStart_VeryLongLine_CutNotLost(t *testing.T) {
	c := newCollect()
	p := shell(t, `head -c 200000 /dev/zero | tr '\0' x; echo; echo end`, c)
	<-p.Done()
	if got := strings.Join(c.lines, ""); len(got) != 200000+3 || !strings.HasSuffix(got, "end") {
		t.Errorf("%d bytes arrived, want 200003", len(got))
	}
}

func TestStop_Obeys_NoError(t *testing.T) {
	c := newCollect()
	p := shell(t, `trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done`, c)
	<-c.first
	if err := p.Stop(t.Context(), 30*time.Second); err != nil {
		t.Error(err)
	}
}

func TestStop_Ignores_Killed(t *testing.T) {
	c := newCollect()
	p := shell(t, `trap '' TERM; echo up; while :; do sleep 0.01; done`, c)
	<-c.first
	err := p.Stop(t.Context(), 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("error %v, want that it was killed", err)
	}
}

func TestStop_FailedBefore_SaysHow(t *testing.T) {
	p := shell(t, `exit 3`, newCollect())
	<-p.Done()
	if err := p.Stop(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error %v, want exit status 3", err)
	}
}

func TestStart_NoSuchProgram_NamesIt(t *testing.T) {
	if _, err := program.Start("/no/such/program", nil, func(string) {}); err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("error %v", err)
	}
}
