//go:build unix

package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startServer starts a server that the test's end stops.
func startServer(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// shared is a server for the tests that leave it as it is. The watchdog stops it
// when this process ends.
var shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background(), Config{}) })

func sharedServer(t *testing.T) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// query runs statements and returns the last one's first value as text.
func query(t *testing.T, url string, statements ...string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	value := ""
	for _, sql := range statements {
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Fatal(err)
			}
			value = fmt.Sprint(values[0])
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return value
}

func TestStart_Private_OffersAnEmptyDatabaseOnLoopback(t *testing.T) {
	s := sharedServer(t)
	for _, tc := range []struct{ sql, want string }{
		{"SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace", "0"},
		{"SHOW listen_addresses", "127.0.0.1"},
		{"SHOW unix_socket_directories", ""},
		{"SHOW fsync", "off"},
		{"SHOW server_encoding", "UTF8"},
		{"SHOW password_encryption", "scram-sha-256"},
	} {
		if got := query(t, s.URL(), tc.sql); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.sql, got, tc.want)
		}
	}
	if password := s.private.password; strings.Contains(s.String(), password) {
		t.Errorf("String() tells the password: %s", s)
	}
}

func TestStart_WrongPassword_IsRefused(t *testing.T) {
	s := sharedServer(t)
	conn, err := pgx.Connect(t.Context(), strings.Replace(s.URL(), s.private.password, "guessed", 1))
	if err == nil {
		_ = conn.Close(t.Context())
		t.Fatal("let in with a wrong password")
	}
	if !strings.Contains(err.Error(), "password authentication failed") {
		t.Errorf("refused for another reason: %v", err)
	}
}

func TestStart_Durable_KeepsProductionsSettings(t *testing.T) {
	s := startServer(t, Config{Durable: true, Settings: map[string]string{"max_connections": "42", "application_name": "it's a test"}})
	for _, tc := range []struct{ name, want string }{
		{"fsync", "on"}, {"synchronous_commit", "on"}, {"full_page_writes", "on"}, {"max_connections", "42"},
	} {
		if got := query(t, s.URL(), "SHOW "+tc.name); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestStart_EveryIdentity_Runs(t *testing.T) {
	in, err := finder{lookPath: exec.LookPath, places: usualPlaces}.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range identities() {
		t.Run(id.mode, func(t *testing.T) {
			if _, err := choose(t.Context(), in, []identity{id}); errors.Is(err, syscall.EPERM) {
				t.Logf("this machine refuses it: %v", err) // choose then takes the next one
				return
			}
			p, err := start(t.Context(), Config{}.WithDefaults(), in, []identity{id})
			if err != nil {
				t.Fatal(err)
			}
			if got := query(t, p.url(), "SELECT 1"); got != "1" {
				t.Errorf("SELECT 1: %q", got)
			}
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			wantGone(t, p.dir, p.port)
		})
	}
}

func TestChoose_FirstIdentityRefused_TakesTheNext(t *testing.T) {
	in, err := finder{lookPath: exec.LookPath, places: usualPlaces}.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refused := identity{mode: "refused", attr: func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Chroot: "/does/not/exist"}
	}}
	candidates := identities()
	got, err := choose(t.Context(), in, append([]identity{refused}, candidates...))
	if err != nil || got.mode == "refused" {
		t.Errorf("chose %q, %v", got.mode, err)
	}
	if _, err := choose(t.Context(), in, []identity{refused}); err == nil || !strings.Contains(err.Error(), "refused: ") {
		t.Errorf("error %v, want one that names the identity", err)
	}
}

func TestStart_AsNormalUser_Runs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("every other test here shows it")
	}
	lines, cmd := startHelper(t, "stop", nobody(t))
	if got := lines[2]; got != "as this user" {
		t.Errorf("it ran %s", got)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	port, _ := strconv.Atoi(lines[1])
	wantGone(t, lines[0], port)
}

func TestServer_ParentKilled_LeavesNothing(t *testing.T) {
	lines, cmd := startHelper(t, "wait", nil)
	port, err := strconv.Atoi(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	if !listens(port) {
		t.Fatal("the server does not run before the kill")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	wantGone(t, lines[0], port)
}

// startHelper runs this test binary as a program that starts a server and
// returns what it said.
func startHelper(t *testing.T, mode string, as *syscall.Credential) ([]string, *exec.Cmd) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tracehaul-helper-") //nolint:usetesting // others cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary := filepath.Join(dir, "helper")
	content, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(dir, 0o777), os.WriteFile(binary, content, 0o755)); err != nil {
		t.Fatal(err)
	}

	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), helperEnv+"="+mode, "TRACEHAUL_CACHE="+filepath.Join(dir, "cache"))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scanner := bufio.NewScanner(out); len(lines) < 3 && scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	if len(lines) < 3 {
		t.Fatalf("the helper said %q", lines)
	}
	return lines, cmd
}

func nobody(t *testing.T) *syscall.Credential {
	t.Helper()
	_, uid, gid := unprivileged(userDatabase)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func listens(port int) bool {
	conn, err := net.DialTimeout("tcp4", net.JoinHostPort(loopback, strconv.Itoa(port)), time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// wantGone waits until a server's directory and port are free.
func wantGone(t *testing.T, dir string, port int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := poll(ctx, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist) && !listens(port)
	})
	if err != nil {
		t.Errorf("%s or port %d is still there", dir, port)
	}
}

func TestServer_Restart_KeepsDataAndAddress(t *testing.T) {
	s := startServer(t, Config{})
	query(t, s.URL(), "CREATE TABLE kept AS SELECT 7 AS n")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.URL(), "SELECT n FROM kept"); got != "7" {
		t.Errorf("the row is %q, want 7", got)
	}
}

func TestServer_KillThenRestart_RecoversWhatWasCommitted(t *testing.T) {
	s := startServer(t, Config{Durable: true})
	query(t, s.URL(), "CREATE TABLE kept AS SELECT 7 AS n")
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := s.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection outlived the kill")
	}
	if listens(s.private.port) {
		t.Error("it still listens")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.URL(), "SELECT n FROM kept"); got != "7" {
		t.Errorf("the row is %q, want 7", got)
	}
}

func TestServer_Stop_LeavesNothing(t *testing.T) {
	s := startServer(t, Config{})
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantGone(t, s.private.dir, s.private.port)
	if err := s.Restart(t.Context()); err == nil {
		t.Error("a stopped server restarts")
	}
}

func TestStart_PortTaken_SaysSo(t *testing.T) {
	first := sharedServer(t)
	_, err := Start(t.Context(), Config{Port: first.private.port})
	if err == nil || !strings.Contains(err.Error(), "Address already in use") {
		t.Errorf("error %v, want what the server said", err)
	}
}

func TestStart_CancelledContext_LeavesNothing(t *testing.T) {
	data := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := Start(ctx, Config{DataDir: data, CacheDir: t.TempDir()}); err == nil {
		t.Fatalf("started within 50 ms: %v", s)
	}
	entries, err := os.ReadDir(data)
	if err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestStart_GivenURL_MakesAndDropsADatabase(t *testing.T) {
	host := sharedServer(t)
	keyword := fmt.Sprintf("host=127.0.0.1 port=%d user=%s password=%s dbname=%s sslmode=disable",
		host.private.port, superuser, host.private.password, superuser)
	for name, conn := range map[string]string{"URL": host.private.url() + "&dbname=postgres", "keywords": keyword} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, Config{URL: conn})
			got := query(t, s.URL(), "SELECT current_database()")
			if !strings.HasPrefix(got, databasePrefix) {
				t.Errorf("the database is %q", got)
			}
			if err := s.Restart(t.Context()); !errors.Is(err, ErrNotPrivate) {
				t.Errorf("restart: %v", err)
			}
			if err := s.Kill(t.Context()); !errors.Is(err, ErrNotPrivate) {
				t.Errorf("kill: %v", err)
			}
			if err := s.DropDatabase(t.Context(), conn); err == nil {
				t.Error("a database that was not made here was dropped")
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := query(t, host.URL(), "SELECT count(*) FROM pg_database WHERE datname = '"+got+"'"); n != "0" {
				t.Errorf("database %s is still there", got)
			}
		})
	}
}

func TestServer_DropDatabaseInUse_DropsIt(t *testing.T) {
	s := sharedServer(t)
	url, err := s.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := s.DropDatabase(t.Context(), url); err != nil {
		t.Error(err)
	}
}

func TestStart_UnreachableURL_KeepsThePasswordToItself(t *testing.T) {
	for _, conn := range []string{
		"postgres://user:hunter2@127.0.0.1:1/db?sslmode=disable",
		"postgres://user:hunter2@127.0.0.1:port/db",
		"postgres://user:hunter2%zz@127.0.0.1:1/db",
		"host=127.0.0.1 port=1 password=hunter2 sslmode=disable",
	} {
		_, err := Start(t.Context(), Config{URL: conn})
		if err == nil {
			t.Fatalf("%s: no error", conn)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
