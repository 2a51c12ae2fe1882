//go:build unix

package service

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// open opens connections that send nothing.
func open(t *testing.T, addr string, n int) (all []net.Conn) {
	t.Helper()
	for range n {
		c, err := net.Dial("tcp", addr) // the kernel takes it, whatever the service does
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
		t.Cleanup(func() { _ = c.Close() })
	}
	return all
}

// answered asks a service over a connection of its own, for a while.
func answered(addr string, wait time.Duration) bool {
	client := http.Client{Timeout: wait, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr + pathHealth)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

func TestRun_AllConnectionsTaken_OthersWaitUntilOneIsClosed(t *testing.T) {
	r := start(t, func(c *Config) { c.MaxConnections = 3 })
	idle := open(t, r.addr, 3)
	eventually(t, "nobody else is let in", func() bool { return !answered(r.addr, 50*time.Millisecond) })
	eventually(t, "the log says so", func() bool { return strings.Contains(r.log.String(), "until another one is closed") })
	_ = idle[0].Close()
	if !answered(r.addr, patient) {
		t.Error("one was closed, and nobody is let in")
	}
	for range 20 { // each gives its place back
		if !answered(r.addr, patient) {
			t.Fatal("a place was not given back")
		}
	}
}

func TestListener_ClosedWhileItWaitsForRoom_Ends(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitConnections(inner, 1, slog.New(slog.DiscardHandler))
	open(t, inner.Addr().String(), 2)
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	done := make(chan error)
	go func() {
		_, err := l.Accept()
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("it does not wait, but returns %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	_ = l.Close()
	select {
	case err := <-done:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(patient):
		t.Error("Accept does not return")
	}
}

// However many connections come and go while there is no room, the log says it
// once a second.
func TestListener_NoRoomAgainAndAgain_SaidOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		l := limitConnections(nil, 1, slog.New(slog.NewTextHandler(&log, nil)))
		l.enter()
		waits := func() {
			go l.enter()
			synctest.Wait()
			<-l.room // one is closed, and who waits comes in
			synctest.Wait()
		}
		for range 10 {
			waits()
		}
		if n := strings.Count(log.String(), "until another one is closed"); n != 1 {
			t.Errorf("%d lines within a second, want 1", n)
		}
		time.Sleep(time.Second)
		waits()
		if n := strings.Count(log.String(), "until another one is closed"); n != 2 {
			t.Errorf("%d lines, want another one after a second", n)
		}
	})
}

// fewDescriptors, in the environment, makes this program a service that has
// few of them; see the test below.
const fewDescriptors = "SERVICE_WITH_FEW_DESCRIPTORS"

// A process that has no descriptor left takes no connection for the moment,
// and goes on as soon as it has one again.
func TestRun_NoDescriptorLeft_Survives(t *testing.T) {
	if os.Getenv(fewDescriptors) != "" {
		serveWithFewDescriptors(t)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), fewDescriptors+"=1")
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	next := func(mark string) string {
		for lines.Scan() {
			if _, after, found := strings.Cut(lines.Text(), mark); found {
				return after
			}
		}
		t.Fatalf("it does not write %q", mark)
		return ""
	}
	addr := next("address ")
	idle := open(t, addr, 200)
	next("too many open files")
	if answered(addr, 200*time.Millisecond) {
		t.Error("it has a descriptor left: the test shows nothing")
	}
	for _, c := range idle {
		_ = c.Close()
	}
	if !answered(addr, patient) {
		t.Error("it takes no connection any more")
	}
	_ = stdin.Close() // ends it
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	if err := command.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// serveWithFewDescriptors serves until stdin ends, and writes its log.
func serveWithFewDescriptors(t *testing.T) {
	t.Helper()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	b := setup(t, func(c *Config) { c.DrainGrace, c.Logger = -1, stdoutLog() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	_, _ = io.WriteString(os.Stdout, "address "+l.Addr().String()+"\n")
	if err := b.Run(ctx, l); err != nil {
		t.Error(err)
	}
}

func stdoutLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stdout, nil)) }
