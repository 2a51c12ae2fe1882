//go:build unix

package lambda

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// wantKilled holds an error against that of an invocation whose process was
// killed.
func wantKilled(t *testing.T, err error, kind string) {
	t.Helper()
	var failed *InvocationError
	if !errors.As(err, &failed) || failed.Type != kind || !strings.Contains(failed.Message, "signal: killed") {
		t.Errorf("the error is %v, want %s with signal: killed", err, kind)
	}
}

func TestFault_KillAtAMoment_FailsThatInvocationAlone(t *testing.T) {
	for name, stage := range map[string]Stage{"begin": StageBegin, "answer": StageAnswer} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			var handed atomic.Value
			f, _ := newFunction(t, Config{Fault: func(m Moment) Fault {
				if m.Stage == stage && asked.Add(1) == 1 {
					handed.Store(string(m.Payload))
					return FaultKill
				}
				return FaultNone
			}})
			_, err := f.Invoke(t.Context(), payload("tell"))
			wantKilled(t, err, errExit)
			if got, _ := handed.Load().(string); stage == StageBegin && got != string(payload("tell")) || stage == StageAnswer && !strings.Contains(got, `"PID"`) {
				t.Errorf("the payload at that moment is %q", got)
			}
			if _, err := f.Invoke(t.Context(), payload("tell")); err != nil {
				t.Errorf("the next invocation: %v", err)
			}
		})
	}
}

func TestFunction_Kill_EndsIdleSandboxesToo(t *testing.T) {
	f, _ := newFunction(t, Config{})
	first := invoke(t, f, "tell")
	if killed := f.Kill(); killed != 1 {
		t.Errorf("%d processes were killed, want 1", killed)
	}
	if again := invoke(t, f, "tell"); again.PID == first.PID {
		t.Errorf("process %d is still there", first.PID)
	}
	if pids := f.PIDs(); len(pids) != 1 {
		t.Errorf("PIDs %v, want one", pids)
	}
	if reached := f.Signal(syscall.SIGCONT); reached != 1 {
		t.Errorf("a signal reached %d processes, want 1", reached)
	}
}

func TestFunction_Retire_EndsSandboxesInGoodOrderAndGoesOn(t *testing.T) {
	t.Parallel()
	f, r := newFunction(t, Config{ShutdownGrace: patience, Env: map[string]string{"CHILD": "sigterm"}})
	first := invoke(t, f, "tell")
	if retired := f.Retire(); retired != 1 {
		t.Errorf("%d processes were retired, want 1", retired)
	}
	if got := r.texts("stdout"); !slices.Equal(got, []string{"flushed"}) {
		t.Errorf("it said %q, want that it has heard of its end", got)
	}
	if again := invoke(t, f, "tell"); again.PID == first.PID {
		t.Errorf("process %d is still there", first.PID)
	}
}

func TestFunction_MoreMemoryThanItHas_IsKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is looked at on Linux only")
	}
	for _, enforced := range []bool{true, false} {
		f, _ := newFunction(t, Config{MemoryMB: 128, EnforceMemory: enforced})
		if enforced {
			_, err := f.Invoke(t.Context(), payload("take 1m"))
			wantKilled(t, err, errOutOfMemory)
		} else if _, err := f.Invoke(t.Context(), payload("take 50ms")); err != nil {
			t.Errorf("not enforced: %v", err)
		}
	}
}

func TestFunction_HostsClockIsAhead_DeadlineIsToldByIt(t *testing.T) {
	f, _ := newFunction(t, Config{ClockOffset: time.Hour})
	if ahead := time.Until(invoke(t, f, "tell").Deadline); ahead < 59*time.Minute {
		t.Errorf("the deadline is %v ahead, want about an hour", ahead)
	}
}
