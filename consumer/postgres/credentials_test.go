package postgres

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
)

func pgError(code, severity string) error {
	return &pgconn.PgError{Code: code, Severity: severity, SeverityUnlocalized: severity}
}

// vault is Secrets Manager with one secret.
type vault struct {
	mu    sync.Mutex
	value string
	err   error
	reads int
}

func (v *vault) set(value string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.value, v.err = value, err
}

func (v *vault) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reads++
	if v.err != nil {
		return nil, v.err
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(v.value)}, nil
}

func retrieve(t *testing.T, s *secret) (string, error) {
	t.Helper()
	user, password, err := s.retrieve(t.Context(), "h", 5432, "")
	return user + ":" + password, err
}

func TestSecret_IsKeptShortly(t *testing.T) {
	v := &vault{value: `{"username":"u","password":"1","engine":"postgres"}`}
	s := newSecret(v, "arn")
	now := time.Now()
	s.now = func() time.Time { return now }
	for i, step := range []struct {
		do        func()
		want      string
		wantReads int
	}{
		{func() {}, "u:1", 1},
		{func() { v.set(`{"username":"u","password":"2"}`, nil) }, "u:1", 1},
		{func() { now = now.Add(secretAge + 1) }, "u:2", 2},
		{func() { v.set(`{"username":"w","password":"3"}`, nil); s.refused() }, "w:3", 3},
		// Secrets Manager is away, but nobody refused what is known.
		{func() { v.set("", errors.New("throttled")); now = now.Add(2 * secretAge) }, "w:3", 4},
	} {
		step.do()
		got, err := retrieve(t, s)
		if got != step.want || err != nil || v.reads != step.wantReads {
			t.Errorf("step %d: %s, %v after %d reads, want %s after %d", i, got, err, v.reads, step.want, step.wantReads)
		}
	}
}

func TestSecret_Unreadable_SaysNothingOfIt(t *testing.T) {
	for _, value := range []string{"", "hunter2", `{"username":"u","pass":"hunter2"}`, `{"password":["hunter2"]}`} {
		_, err := retrieve(t, newSecret(&vault{value: value}, "arn"))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q gave the error %v", value, err)
		}
	}
}

// withSecret opens a pool through p that takes its login from v.
func withSecret(t *testing.T, p *proxy, v *vault) *pgxpool.Pool {
	t.Helper()
	c := Config{URL: p.url("sslmode=disable")}.WithDefaults()
	cfg, err := c.pool()
	if err != nil {
		t.Fatal(err)
	}
	authenticate(cfg, newSecret(v, "arn"))
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// The password changes while batches are written and connections come and go.
func TestSecret_RotatedUnderLoad_NoBatchFails(t *testing.T) {
	direct := migrated(t)
	var password atomic.Value
	password.Store("1")
	p := newProxy(t, direct.Config().ConnString())
	p.login = func(user, given string) bool { return user == "consumer" && given == password.Load() }
	p.serve(t)
	v := &vault{value: `{"username":"consumer","password":"1"}`}
	pool := withSecret(t, p, v)
	sink := New(pool)

	const rotations = 20
	for i := range rotations {
		next := strings.Repeat("x", i+1)
		v.set(`{"username":"consumer","password":"`+next+`"}`, nil)
		password.Store(next)
		pool.Reset() // every connection is a new one, with the cached password
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := sink.Write(t.Context(), records(2)); err != nil {
					t.Errorf("after rotation %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	}
	if n := count(t, direct); n != 4*rotations {
		t.Errorf("%d rows, want %d", n, 4*rotations)
	}
}

func TestSecret_Wrong_PassesAndIsNotShown(t *testing.T) {
	direct := migrated(t)
	p := newProxy(t, direct.Config().ConnString())
	p.login = func(string, string) bool { return false }
	p.serve(t)
	v := &vault{value: `{"username":"consumer","password":"hunter2"}`}
	_, err := New(withSecret(t, p, v)).Write(t.Context(), records(1))
	wantPassing(t, err, "28P01")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error has the password: %v", err)
	}
	if v.reads != 2 {
		t.Errorf("the secret was read %d times, want once more after the refusal", v.reads)
	}
}

func TestSecret_SecretsManagerAway_Passes(t *testing.T) {
	direct := migrated(t)
	p := newProxy(t, direct.Config().ConnString())
	p.serve(t)
	_, err := New(withSecret(t, p, &vault{err: errors.New("away")})).Write(t.Context(), records(1))
	wantPassing(t, err, codeConnection)
}

// Amazon Aurora User Guide, "IAM database authentication": the token is a
// signed URL without its scheme, for one host, port and user.
func TestIAM_EveryConnection_HasAFreshToken(t *testing.T) {
	direct := migrated(t)
	var mu sync.Mutex
	var tokens []string
	p := newProxy(t, direct.Config().ConnString())
	caFile, server := authority(t, "localhost")
	p.tls = server
	p.login = func(_, token string) bool {
		mu.Lock()
		defer mu.Unlock()
		tokens = append(tokens, token)
		return true
	}
	p.serve(t)
	pool, err := Open(Config{
		URL:  strings.Replace(p.url(""), "127.0.0.1", "localhost", 1),
		Auth: AuthIAM, RootCAFile: caFile,
		AWS: aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for range 2 {
		if _, err := New(pool).Write(t.Context(), records(1)); err != nil {
			t.Fatal(err)
		}
		pool.Reset()
		time.Sleep(1100 * time.Millisecond) // tokens of one second are alike
	}
	if len(tokens) != 2 || tokens[0] == tokens[1] {
		t.Fatalf("%d tokens, or twice the same", len(tokens))
	}
	u, err := url.Parse("https://" + tokens[0])
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(p.listener.Addr().String(), ":")
	q := u.Query()
	if u.Host != "localhost:"+port || q.Get("Action") != "connect" || q.Get("DBUser") != direct.Config().ConnConfig.User ||
		!strings.Contains(q.Get("X-Amz-Credential"), "/eu-west-1/rds-db/aws4_request") || q.Get("X-Amz-Signature") == "" {
		t.Errorf("the token is for %s with %v", u.Host, q)
	}
}

func TestIAM_NoCredentials_Passes(t *testing.T) {
	pool, err := Open(Config{Host: "localhost", User: "u", Auth: AuthIAM, AWS: aws.Config{
		Region: "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no role")
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	_, err = New(pool).Write(t.Context(), records(1))
	if !consumer.Retryable(err) || consumer.Poison(err) {
		t.Errorf("Write gave %v", err)
	}
}
