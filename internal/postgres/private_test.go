//go:build unix

package postgres

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

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
