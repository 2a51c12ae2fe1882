package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// toldToStop is the environment variable that makes this test binary a program
// that gets a signal as soon as it is told to stop.
const toldToStop = "SERVICE_TEST_TOLD_TO_STOP"

// signalWhenEnded lets nobody else run between the end of the context and the
// signal: what is to be done by then is done.
func signalWhenEnded() {
	runtime.GOMAXPROCS(1)
	parent, stop := context.WithCancel(context.Background())
	ctx, restore := untilSignal(parent)
	defer restore()
	stop()
	<-ctx.Done()
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	arrived := time.Now().Add(5 * time.Millisecond)
	for onItsWay := true; onItsWay; {
		onItsWay = time.Now().Before(arrived)
	}
	time.Sleep(patience) // a busy machine may take a while to end the process
}

func TestUntilSignal_Ended_NextSignalEndsTheProcess(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c := exec.CommandContext(t.Context(), binary)
		c.Env = append(os.Environ(), toldToStop+"=1")
		err := c.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("the process ended with %v, want it ended by SIGTERM", err)
		}
		if status, ok := exit.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
			t.Fatalf("the process ended with %v, want it ended by SIGTERM", err)
		}
	}
}

func TestEndAfter_EndsWhenItIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		after := endAfter(ctx, func() { time.Sleep(time.Second) })
		synctest.Wait()
		if after.Err() != nil {
			t.Error("it ended before there was a reason")
		}
		began := time.Now()
		end()
		<-after.Done()
		if took := time.Since(began); took != time.Second {
			t.Errorf("it ended after %v, want the second that it takes", took)
		}
	})
}
