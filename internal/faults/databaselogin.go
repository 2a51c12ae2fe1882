//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
)

const (
	consumerRole = "rotating_consumer"
	rotations    = 6
)

func loginScenarios() []scenario {
	v := new(vault)
	return []scenario{{
		name: "database/password-rotated", what: "The password is changed six times, each time a while before the secret is, and all sessions are ended.",
		setup: v.between, check: allStored,
		run: func(ctx context.Context, w *world) error {
			return w.under(ctx, 6*time.Second, code("28P01"), func(ctx context.Context) error {
				for range rotations {
					if err := w.rotate(ctx, v); err != nil {
						return fmt.Errorf("rotate the password: %w", err)
					}
				}
				return nil
			})
		},
	}}
}

// vault is a stand-in for AWS Secrets Manager that has one secret: a login for
// the database. It answers GetSecretValue and nothing else.
type vault struct {
	database

	mu       sync.Mutex
	password string
	reads    map[string]int // by the password
}

// set changes the secret.
func (v *vault) set(password string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.password = password
}

// between has the consumer take its login from the vault, and gives it a role
// that can do no more than it needs.
func (v *vault) between(s *settings) {
	v.reads = map[string]int{}
	v.database.between(s)
	through := s.routes["database"]
	s.routes["database"] = func(url string) (string, error) {
		address, stop, err := localpipeline.Serve(context.Background(), v)
		if err != nil {
			return "", err
		}
		s.onStop(stop)
		s.consumerEnv(map[string]string{ //nolint:gosec // a name, no secret
			"DATABASE_AUTH": "secret", "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:database",
			"AWS_ENDPOINT_URL_SECRETS_MANAGER": address,
		})
		v.set(randomHex(8))
		if err := makeRole(url, v.password); err != nil {
			return "", err
		}
		return through(url)
	}
}

func makeRole(url, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		"CREATE ROLE " + consumerRole + " LOGIN PASSWORD '" + password + "'",
		"GRANT SELECT, INSERT ON events, audit TO " + consumerRole,
	} {
		_, execErr := conn.Exec(ctx, sql)
		err = errors.Join(err, execErr)
	}
	return errors.Join(err, conn.Close(ctx))
}

// ServeHTTP is Secrets Manager's API, as far as the consumer uses it.
func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reads[v.password]++
	login, err := json.Marshal(map[string]string{"username": consumerRole, "password": v.password})
	if err == nil {
		err = json.NewEncoder(w).Encode(map[string]string{"Name": "database", "SecretString": string(login)})
	}
	if err != nil { // it is only text
		panic(err)
	}
}

// rotate changes the password as a rotation function does: in the database
// first, then in the secret.
func (w *world) rotate(ctx context.Context, v *vault) error {
	next := randomHex(8)
	if _, err := w.pool.Exec(ctx, "ALTER ROLE "+consumerRole+" PASSWORD '"+next+"'"); err != nil {
		return err
	}
	if _, err := w.terminate(ctx); err != nil {
		return err
	}
	if err := harness.Sleep(ctx, 300*time.Millisecond); err != nil {
		return err
	}
	v.set(next)
	// The next rotation is for those who have this password.
	return w.await(ctx, "the new password was read", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.reads[next] > 0
	})
}
