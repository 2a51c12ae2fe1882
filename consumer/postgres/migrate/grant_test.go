package migrate

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
	sink "github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/postgres"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// private is a server whose roles are this test's own.
func private(t *testing.T, statements ...string) *pgxpool.Pool {
	t.Helper()
	return connected(t, postgrestest.Server(t, postgres.Config{}).URL(), statements...)
}

func connected(t *testing.T, url string, statements ...string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for _, statement := range statements {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return pool
}

// as is the database as another user sees it who logs in with a password.
func as(t *testing.T, pool *pgxpool.Pool, user, password string) *pgxpool.Pool {
	t.Helper()
	u, err := url.Parse(pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return connected(t, u.String())
}

func iamMember(t *testing.T, pool *pgxpool.Pool, role string) bool {
	t.Helper()
	var member bool
	err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_auth_members WHERE member = (SELECT oid FROM pg_roles WHERE rolname = $1)
		AND roleid = (SELECT oid FROM pg_roles WHERE rolname = 'rds_iam'))`, role).Scan(&member)
	if err != nil {
		t.Fatal(err)
	}
	return member
}

func mustRun(t *testing.T, pool *pgxpool.Pool, c Config) Result {
	t.Helper()
	r, err := Run(t.Context(), pool, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGrant_PlainPostgres_ConsumerWritesAndNoMore(t *testing.T) {
	pool := private(t)
	mustRun(t, pool, Config{GrantRole: "ledger-writer"})
	if r := mustRun(t, pool, Config{GrantRole: "ledger-writer"}); len(r.Applied) != 0 {
		t.Errorf("the second run applied %v", r.Applied)
	}
	if iamMember(t, pool, "ledger-writer") {
		t.Error("there is a role rds_iam where nobody made one")
	}
	// The role has no password until somebody gives it one.
	if _, err := pool.Exec(t.Context(), `ALTER ROLE "ledger-writer" PASSWORD 'p'`); err != nil {
		t.Fatal(err)
	}
	user := as(t, pool, "ledger-writer", "p")
	record := &consumer.Record{Context: t.Context(), Event: event.Event{SpecVersion: event.SpecVersion, ID: "1", Source: "/s", Type: "t", Data: json.RawMessage(`{}`)}}
	for _, want := range []consumer.Stored{consumer.Written, consumer.Duplicate} {
		if got, err := sink.New(user).Write(t.Context(), []*consumer.Record{record}); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("writing as the role: %v, %v, want %v", got, err, want)
		}
	}
	for _, statement := range []string{
		"SELECT data FROM events", "UPDATE events SET type = 'x'", "DELETE FROM events", "TRUNCATE events", "DROP TABLE events",
		"CREATE ROLE other", "SELECT * FROM " + historyTable,
	} {
		_, err := user.Exec(t.Context(), statement)
		if pgErr, ok := errors.AsType[*pgconn.PgError](err); !ok || pgErr.Code != "42501" {
			t.Errorf("%s gave %v, want insufficient_privilege", statement, err)
		}
	}
}

// As on Aurora: rds_iam is there, and who migrates is no superuser.
func TestGrant_Aurora_RoleLogsInWithIAMAndNobodyElse(t *testing.T) {
	pool := private(t, "CREATE ROLE rds_iam NOLOGIN", "CREATE ROLE master LOGIN CREATEROLE PASSWORD 'p'", "GRANT rds_iam TO master WITH ADMIN OPTION")
	var database string
	if err := pool.QueryRow(t.Context(), "SELECT quote_ident(current_database())").Scan(&database); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "ALTER DATABASE "+database+" OWNER TO master"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "ALTER SCHEMA public OWNER TO pg_database_owner"); err != nil {
		t.Fatal(err)
	}
	master := as(t, pool, "master", "p")
	mustRun(t, master, Config{}) // before there is a consumer
	for range 2 {
		mustRun(t, master, Config{GrantRole: "consumer"})
	}
	if _, err := pool.Exec(t.Context(), "GRANT consumer TO master"); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), master, Config{GrantRole: "consumer"})
	wantSaid(t, err, "want a role that the one that migrates is no member of", "REVOKE consumer FROM")
	var login bool
	if err := pool.QueryRow(t.Context(), "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'consumer'").Scan(&login); err != nil || !login {
		t.Errorf("the role may log in: %t, %v", login, err)
	}
	if !iamMember(t, pool, "consumer") {
		t.Error("the role is no member of rds_iam")
	}
}

func TestGrant_OfTheOneWhoMigrates_IsRefused(t *testing.T) {
	pool := private(t, "CREATE ROLE rds_iam NOLOGIN", "CREATE ROLE master LOGIN SUPERUSER PASSWORD 'p'")
	_, err := Run(t.Context(), as(t, pool, "master", "p"), Config{GrantRole: "master"})
	wantSaid(t, err, `grant to "master": want a role of its own`)
	if iamMember(t, pool, "master") {
		t.Error("the owner's password is worth nothing any more")
	}
}

func TestGrant_Concurrently_AllSucceed(t *testing.T) {
	pool := private(t, "CREATE ROLE rds_iam NOLOGIN")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := Run(t.Context(), pool, Config{GrantRole: "consumer"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !iamMember(t, pool, "consumer") {
		t.Error("the role is no member of rds_iam")
	}
}

// A password that was changed between reading and using it is read anew.
func TestRun_LoginRefused_TriesOnceMore(t *testing.T) {
	pool := private(t)
	for name, test := range map[string]struct {
		refusals int
		ok       bool
	}{"once": {1, true}, "twice": {2, false}} {
		t.Run(name, func(t *testing.T) {
			cfg := pool.Config()
			left := test.refusals
			cfg.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
				if left > 0 {
					c.Password = "hunter2"
				}
				left--
				return nil
			}
			own, err := pgxpool.NewWithConfig(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer own.Close()
			_, err = Run(t.Context(), own, Config{})
			if (err == nil) != test.ok {
				t.Errorf("Run gave %v", err)
			}
			if err != nil && (!strings.HasPrefix(sqlState(err), classAuthorization) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("the error should have the code and not the password: %v", err)
			}
		})
	}
}
