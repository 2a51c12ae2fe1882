//go:build unix

package main

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

func TestMigrate_Fresh_ThenNothingToDo(t *testing.T) {
	database := postgrestest.Database(t)
	f, out := function(t, 20*time.Second, map[string]string{"DATABASE_URL": database})
	all := migrations(t)
	newest := int64(len(all))
	same(t, invoke(t, f, `{}`), 0, newest, all...)
	same(t, invoke(t, f, `{}`), newest, newest)
	connect(t, database, "SELECT source, id, trace_id FROM events")
	closed(t, f)
	says(t, out.String(), `"msg":"migrated"`, `"migration":"`+all[0]+`"`, `"msg":"the schema is up to date"`, "trace_id", "CREATE TABLE")
	if n := strings.Count(out.String(), `"msg":"migrated"`); n != len(all) {
		t.Errorf("%d lines for %d migrations", n, len(all))
	}
}

func TestMigrate_Target_IsKeptTo(t *testing.T) {
	database := postgrestest.Database(t)
	f, out := function(t, 20*time.Second, map[string]string{"DATABASE_URL": database})
	says(t, refused(t, f, `{"target":99}`), "target 99: want the version of a migration; the newest is "+strconv.Itoa(len(migrations(t))))
	says(t, refused(t, f, `{"taget":1}`), `want {} or {"target": N}`)
	connect(t, database, "CREATE TABLE events ()", "DROP TABLE events") // nothing was migrated
	same(t, invoke(t, f, `{"target":1}`), 0, 1, migrations(t)[0])
	closed(t, f)
	says(t, out.String(), `"msg":"the schema is not up to date"`)
}

func TestMigrate_TwoAtOnce_OneDoesIt(t *testing.T) {
	f, _ := function(t, 30*time.Second, map[string]string{"DATABASE_URL": postgrestest.Database(t)})
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		applied int
	)
	for range 2 { // each in a sandbox of its own
		wg.Go(func() {
			got := invoke(t, f, `{}`)
			if got.To != int64(len(migrations(t))) {
				t.Errorf("answer is %+v", got)
			}
			mu.Lock()
			defer mu.Unlock()
			applied += len(got.Applied)
		})
	}
	wg.Wait()
	if want := len(migrations(t)); applied != want {
		t.Errorf("two at once applied %d migrations together, want %d", applied, want)
	}
}

func TestMigrate_LockIsHeld_SaysSoInTime(t *testing.T) {
	database := postgrestest.Database(t)
	f, out := function(t, 4*time.Second, map[string]string{"DATABASE_URL": database, "MIGRATE_LOCK_TIMEOUT": "500ms", "DEADLINE_MARGIN": "1s"})
	pool := connect(t, database+"&application_name=intruder")
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// As one who migrates, and was forgotten.
	if _, err := tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(x'7472636868'::bigint)"); err != nil {
		t.Fatal(err)
	}
	says(t, refused(t, f, `{}`), "stopped 1s before the function's timeout", "another migration was still running after", "(intruder)")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As one who reads a table, and was forgotten.
	if tx, err = pool.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE tracehaul_migrations"); err != nil {
		t.Fatal(err)
	}
	says(t, refused(t, f, `{}`), "waited 500ms for a lock", "55P03", "(intruder)")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, invoke(t, f, `{}`), 0, int64(len(migrations(t))), migrations(t)...)
	closed(t, f)
	if strings.Contains(out.String(), "Task timed out") {
		t.Errorf("it ran into Lambda's timeout:\n%s", out)
	}
}

// The role gets rds_iam where that is, and nowhere else.
func TestMigrate_GrantRole_WithAndWithoutIAM(t *testing.T) {
	server := postgrestest.Server(t, postgres.Config{}) // whose roles are this test's own
	pool := connect(t, server.URL())
	f, out := function(t, 20*time.Second, map[string]string{"DATABASE_URL": server.URL(), "MIGRATE_GRANT_ROLE": "consumer"})
	memberships := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_auth_members WHERE member = 'consumer'::regrole").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	invoke(t, f, `{}`)
	if n := memberships(); n != 0 {
		t.Errorf("on plain PostgreSQL the role is a member of %d others", n)
	}
	connect(t, server.URL(), "CREATE ROLE rds_iam")
	invoke(t, f, `{}`)
	if n := memberships(); n != 1 {
		t.Errorf("with rds_iam the role is a member of %d others", n)
	}
	connect(t, server.URL()+"&role=consumer", "INSERT INTO events (source, id, type) VALUES ('/s', '1', 't') ON CONFLICT (source, id) DO NOTHING")
	closed(t, f)
	says(t, out.String(), `"granted":"consumer"`)
}

func TestMigrate_Secret_IsReadOnceAnInvocationAndNotShown(t *testing.T) {
	server := postgrestest.Server(t, postgres.Config{})
	direct := connect(t, server.URL(), "CREATE ROLE master LOGIN SUPERUSER PASSWORD 'hunter2'")
	w := notifytest.Start(t)
	w.Secrets.Set("rds!cluster", `{"username":"master","password":"hunter2"}`)
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = nil
	f, out := function(t, 20*time.Second, map[string]string{
		"DATABASE_URL": u.String(), "DATABASE_AUTH": "secret", "DATABASE_SECRET_ARN": "rds!cluster", "AWS_ENDPOINT_URL_SECRETS_MANAGER": w.AWSURL,
	})
	same(t, invoke(t, f, `{}`), 0, int64(len(migrations(t))), migrations(t)...)
	if n := w.Secrets.Reads("rds!cluster"); n != 1 {
		t.Errorf("the secret was read %d times, want once", n)
	}
	// RDS changes it every week.
	if _, err := direct.Exec(t.Context(), "ALTER ROLE master PASSWORD 'hunter3'"); err != nil {
		t.Fatal(err)
	}
	w.Secrets.Set("rds!cluster", `{"username":"master","password":"hunter3"}`)
	invoke(t, f, `{}`)
	if n := w.Secrets.Reads("rds!cluster"); n != 2 {
		t.Errorf("the secret was read %d times in two invocations", n)
	}
	w.Secrets.Set("rds!cluster", `{"username":"master","password":"hunter4"}`)
	message := refused(t, f, `{}`)
	says(t, message, "28P01")
	closed(t, f)
	if text := out.String() + message; strings.Contains(text, "hunter") {
		t.Errorf("a password is in the output:\n%s", text)
	}
	var owner string
	if err := direct.QueryRow(t.Context(), "SELECT tableowner FROM pg_tables WHERE tablename = 'events'").Scan(&owner); err != nil || owner != "master" {
		t.Errorf("the table is %s's: %v", owner, err)
	}
}

func TestMigrate_DatabaseAway_SaysSoWithoutThePassword(t *testing.T) {
	f, out := function(t, 20*time.Second, map[string]string{"DATABASE_URL": "postgres://u:hunter2@127.0.0.1:1/d?sslmode=disable"})
	message := refused(t, f, `{}`)
	says(t, message, "failed to connect")
	closed(t, f)
	if text := out.String() + message; strings.Contains(text, "hunter2") {
		t.Errorf("it shows the password:\n%s", text)
	}
}

func TestMigrate_BadSettings_SaysAllAndEnds(t *testing.T) {
	f, out := function(t, 20*time.Second, map[string]string{"DATABASE_URL": "postgres://u:hunter2@h:port/d", "MIGRATE_GRANT_ROLE": "public", "DEADLINE_MARGIN": "0"})
	refused(t, f, `{}`)
	closed(t, f)
	says(t, out.String(), "DATABASE_URL: want", `MIGRATE_GRANT_ROLE="public": want`, `DEADLINE_MARGIN="0": want`)
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("it shows the password:\n%s", out)
	}
}
