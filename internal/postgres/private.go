//go:build unix

package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/freeport"
)

const (
	// portTries is how often another free port is taken when the one before
	// was taken by someone else meanwhile.
	portTries = 5

	// stopTimeout is how long the server may take to end before it is killed.
	stopTimeout = 5 * time.Second
)

// private is a server that we started.
type private struct {
	c        Config
	in       install
	id       identity
	dir      string
	release  func() // the directory's lock
	watchdog *watchdog

	mu       sync.Mutex
	process  *process // nil if it does not run
	stopped  bool
	port     int
	password string
}

// start runs a private server as the first identity that can.
func start(ctx context.Context, c Config, in install, candidates []identity) (_ *private, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.StartTimeout, fmt.Errorf("not ready after %v", c.StartTimeout))
	defer cancel()
	id, err := choose(ctx, in, candidates)
	if err != nil {
		return nil, err
	}
	c.DataDir = c.dataDir(id)
	p := &private{c: c, in: in, id: id, port: c.Port}
	if p.dir, p.release, err = workDir(c.DataDir); err != nil {
		return nil, err
	}
	if p.watchdog, err = startWatchdog(p.dir); err != nil {
		p.release()
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	p.mu.Lock()
	err = p.setUp(ctx)
	p.mu.Unlock()
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// setUp unpacks the template, starts the server and gives it a password of its
// own.
func (p *private) setUp(ctx context.Context) (err error) {
	if p.password, err = newTemplate(p.in, p.id, p.c).unpack(ctx, p.dir); err != nil {
		return err
	}
	if err := p.id.own(p.dir); err != nil {
		return err
	}
	if err := p.run(ctx); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, p.url())
	if err != nil {
		return err
	}
	password := rand.Text() // letters and digits
	_, err = conn.Exec(ctx, "ALTER ROLE "+superuser+" PASSWORD '"+password+"'", pgx.QueryExecModeSimpleProtocol)
	p.password = password
	return errors.Join(err, conn.Close(ctx))
}

// url is the maintenance database's.
func (p *private) url() string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, p.password),
		Host: net.JoinHostPort(loopback, strconv.Itoa(p.port)), Path: superuser, RawQuery: "sslmode=disable",
	}).String()
}

func (p *private) String() string {
	return fmt.Sprintf("%s from %s, %s, port %d", strings.TrimPrefix(p.in.version, "postgres "), p.in.dir, p.id.mode, p.port)
}

// run starts the process and waits until it takes connections. A port that was
// taken meanwhile is given up for another one, unless it has been told to
// anyone.
func (p *private) run(ctx context.Context) error {
	if p.port != 0 {
		return p.runOnce(ctx)
	}
	for try := 1; ; try++ {
		port, err := freeport.Find(ctx)
		if err != nil {
			return err
		}
		p.port = port
		if err = p.runOnce(ctx); err == nil || !strings.Contains(err.Error(), "Address already in use") || try == portTries {
			return err
		}
	}
}

func (p *private) runOnce(ctx context.Context) error {
	args := []string{"-D", filepath.Join(p.dir, dataName)}
	for name, value := range p.c.settings(p.port) {
		args = append(args, "--"+name+"="+value)
	}
	logPath := filepath.Join(p.dir, "log")
	proc, err := startProcess(p.in.path("postgres"), args, logPath, p.id.attr())
	if err != nil {
		return err
	}
	p.process = proc
	if err := p.watchdog.guard(proc.pid); err != nil {
		return err
	}
	if err := p.ready(ctx); err != nil {
		log, _ := os.ReadFile(logPath) // unreadable, it has nothing to add to err
		return fmt.Errorf("%s %s: %w: %s", p.in.path("postgres"), p.id.mode, err, lastLines(string(log), 5))
	}
	return nil
}

// ready waits until the server lets us in: with our password, so that it is no
// other one.
func (p *private) ready(ctx context.Context) error {
	var lastErr error
	ended := false
	err := poll(ctx, func() bool {
		if ended = p.process.done(); ended {
			return true
		}
		var conn *pgx.Conn
		if conn, lastErr = pgx.Connect(ctx, p.url()); lastErr != nil {
			return false
		}
		lastErr = conn.Close(ctx)
		return true
	})
	switch {
	case ended:
		p.process = nil
		return errors.New("the server ended at once")
	case err != nil:
		return errors.Join(err, lastErr)
	default:
		return nil
	}
}

// stop ends the server, without a last checkpoint because its data goes too,
// and removes everything.
func (p *private) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	p.stopped = true
	defer p.release()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return errors.Join(p.end(ctx, syscall.SIGQUIT), p.watchdog.finish(), os.RemoveAll(p.dir))
}

func (p *private) kill(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// SIGQUIT is PostgreSQL's "immediate shutdown": no checkpoint, recovery at
	// the next start ("Shutting Down the Server"). SIGKILL would leave the
	// other processes running for a while and a restart refused.
	return p.end(ctx, syscall.SIGQUIT)
}

func (p *private) restart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return errors.New("postgres: restart: the server was stopped")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.c.StartTimeout, fmt.Errorf("not ready after %v", p.c.StartTimeout))
	defer cancel()
	if err := p.end(ctx, syscall.SIGINT); err != nil { // "fast shutdown"
		return fmt.Errorf("postgres: restart: %w", err)
	}
	if err := p.run(ctx); err != nil {
		return fmt.Errorf("postgres: restart: %w", err)
	}
	return nil
}

// end stops the process with a signal or, if it does not heed it, by force.
func (p *private) end(ctx context.Context, s syscall.Signal) error {
	if p.process == nil {
		return nil
	}
	if err := p.process.stop(ctx, s); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if killErr := p.process.stop(ctx, syscall.SIGKILL); killErr != nil {
			return errors.Join(err, killErr)
		}
	}
	p.process = nil
	return p.watchdog.guard(noProcess)
}
