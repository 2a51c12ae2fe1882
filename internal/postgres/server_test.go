//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
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
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := poll(ctx, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist) && !listens(port)
	})
	if err != nil {
		t.Errorf("%s or port %d is still there", dir, port)
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

// A name may be one of SQL's key words.
func TestStart_NamedDatabase_MakesItAndDropsIt(t *testing.T) {
	host := sharedServer(t)
	for _, name := range []string{"tracehaul", "user", "_2", "n" + strings.Repeat("x", 62)} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, Config{URL: host.private.url(), Database: name})
			if got := query(t, s.URL(), "SELECT current_database()"); got != name {
				t.Errorf("the database is %q", got)
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := query(t, host.URL(), "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"); n != "0" {
				t.Errorf("database %s is still there", name)
			}
		})
	}
}

func TestStart_DatabaseExists_RefusesAndLeavesIt(t *testing.T) {
	host := sharedServer(t)
	first := startServer(t, Config{URL: host.private.url(), Database: "taken"})
	query(t, first.URL(), "CREATE TABLE kept ()")
	_, err := Start(t.Context(), Config{URL: host.private.url(), Database: "taken"})
	if !errors.Is(err, ErrDatabaseExists) || !strings.Contains(err.Error(), "taken: drop it or give another name") {
		t.Errorf("error %v, want that it is there already", err)
	}
	if n := query(t, first.URL(), "SELECT count(*) FROM pg_class WHERE relname = 'kept'"); n != "1" {
		t.Error("the database of somebody else was touched")
	}
}

func TestConfig_BadDatabaseName_SaysWhatWouldDo(t *testing.T) {
	for _, name := range []string{"Orders", "2nd", "a-b", `a"; DROP DATABASE b; --`, "a b", "ä", "a\n", strings.Repeat("x", 64)} {
		_, err := Start(t.Context(), Config{Database: name})
		if err == nil || !strings.Contains(err.Error(), strconv.Quote(name)) || !strings.Contains(err.Error(), "want lower-case letters, digits and underscores") {
			t.Errorf("%q: %v", name, err)
		}
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
