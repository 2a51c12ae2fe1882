package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer"
)

// authority makes a certificate authority, writes it to a file, and returns a
// server configuration with a certificate for name.
func authority(t *testing.T, name string) (caFile string, server *tls.Config) {
	t.Helper()
	caKey, key := newKey(t), newKey(t)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leafDER}, PrivateKey: key}}}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestOpen_ServerIsVerified_UnlessToldOtherwise(t *testing.T) {
	direct := migrated(t)
	caFile, certificate := authority(t, "localhost")
	otherCA, _ := authority(t, "localhost")
	_, elsewhere := authority(t, "elsewhere")
	for name, test := range map[string]struct {
		server *tls.Config
		caFile string
		query  string
		ok     bool
	}{
		"its authority is known":       {certificate, caFile, "", true},
		"its authority is another one": {certificate, otherCA, "", false},
		"its authority is unknown":     {certificate, "", "", false},
		"its name is another one":      {elsewhere, caFile, "", false},
		"it has no TLS":                {nil, caFile, "", false},
		"no TLS is asked for":          {nil, "", "sslmode=disable", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, direct.Config().ConnString())
			p.tls = test.server
			p.serve(t)
			url := strings.Replace(p.url(test.query), "127.0.0.1", "localhost", 1)
			pool, err := Open(Config{URL: url, RootCAFile: test.caFile})
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			_, err = New(pool).Write(t.Context(), records(1))
			if (err == nil) != test.ok {
				t.Errorf("Write gave %v", err)
			}
			if err != nil && !consumer.Retryable(err) {
				t.Errorf("the error is not retryable: %v", err)
			}
		})
	}
}

func TestOpen_HostAndName_AreQuoted(t *testing.T) {
	pool, err := Open(Config{Host: "db.example", Name: `it's a \ name`, User: "o'brien", Auth: AuthIAM})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	c := pool.Config().ConnConfig
	if c.Host != "db.example" || c.Port != 5432 || c.Database != `it's a \ name` || c.User != "o'brien" {
		t.Errorf("connects to %s:%d %q as %q", c.Host, c.Port, c.Database, c.User)
	}
	if c.TLSConfig == nil || c.TLSConfig.InsecureSkipVerify || c.TLSConfig.ServerName != "db.example" || len(c.Fallbacks) != 0 {
		t.Error("the server is not verified, or not always")
	}
}

func TestOpen_WhatTheURLSays_IsKept(t *testing.T) {
	pool, err := Open(Config{
		URL:             "host=h user=u sslmode=disable pool_max_conns=7 pool_max_conn_lifetime=8m pool_max_conn_lifetime_jitter=10s pool_ping_timeout=11s connect_timeout=9 application_name=mine",
		MaxConns:        3,
		ConnectTimeout:  time.Second,
		ApplicationName: "other",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	c := pool.Config()
	if c.MaxConns != 7 || c.ConnConfig.ConnectTimeout != 9*time.Second || c.ConnConfig.RuntimeParams["application_name"] != "mine" {
		t.Errorf("pool of %d, timeout %v, name %q", c.MaxConns, c.ConnConfig.ConnectTimeout, c.ConnConfig.RuntimeParams["application_name"])
	}
	if c.MaxConnLifetime != 8*time.Minute || c.MaxConnLifetimeJitter != 10*time.Second || c.PingTimeout != 11*time.Second {
		t.Errorf("connections live for %v and %v, and are asked for %v", c.MaxConnLifetime, c.MaxConnLifetimeJitter, c.PingTimeout)
	}
}

// What only new connections see is met in time, and one that hangs takes no
// batch's whole time.
func TestOpen_Connections_AreReplacedAskedAndCancelled(t *testing.T) {
	pool, err := Open(Config{URL: "host=h user=u sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	c := pool.Config()
	if c.MaxConnLifetime != connLifetime || c.MaxConnLifetimeJitter != connLifetimeJitter || c.PingTimeout != pingTimeout {
		t.Errorf("connections live for %v and %v, and are asked for %v", c.MaxConnLifetime, c.MaxConnLifetimeJitter, c.PingTimeout)
	}
	for idle, want := range map[time.Duration]bool{pingAfter: false, pingAfter + 1: true} {
		if got := c.ShouldPing(t.Context(), pgxpool.ShouldPingParams{IdleDuration: idle}); got != want {
			t.Errorf("after %v it is asked: %t, want %t", idle, got, want)
		}
	}
	h, ok := c.ConnConfig.BuildContextWatcherHandler(nil).(*pgconn.CancelRequestContextWatcherHandler)
	if !ok || h.CancelRequestDelay != 0 || h.DeadlineDelay != cancelTimeout {
		t.Errorf("a statement is cancelled by %+v", h)
	}
}

func TestConfig_Invalid_SaysEverythingAndNoSecret(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "none.pem")
	for name, test := range map[string]struct {
		c    Config
		want []string
	}{
		"nothing":                   {Config{}, []string{"URL:"}},
		"both":                      {Config{URL: "postgres://h/d", Host: "h"}, []string{"Host="}},
		"malformed URL":             {Config{URL: "postgres://u:hunter2@h:port/d"}, []string{"URL:"}},
		"malformed keywords":        {Config{URL: "host=h password='hunter2"}, []string{"URL:"}},
		"URL naming a missing file": {Config{URL: "postgres://u:hunter2@h/d?sslrootcert=/nowhere.pem"}, []string{"URL:", "/nowhere.pem"}},
		"IAM without TLS":           {Config{URL: "postgres://u@h/d?sslmode=disable", Auth: AuthIAM}, []string{"URL:"}},
		"all the rest": {
			Config{Host: "h", Port: 70000, Auth: "kerberos", SecretARN: "arn:x", RootCAFile: empty, MaxConns: -1, ConnectTimeout: -1},
			[]string{`Auth="kerberos"`, `Port="70000"`, `SecretARN="arn:x"`, "RootCAFile=", `MaxConns="-1"`, "ConnectTimeout="},
		},
		"IAM without user":   {Config{Host: "h"}, []string{"User:"}},
		"secret without ARN": {Config{Host: "h", Auth: AuthSecret}, []string{"SecretARN:"}},
		"host without auth":  {Config{Host: "h", Auth: AuthURL}, []string{`Auth="url"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(test.c)
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error has the password: %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestOpen_CAFileWithoutCertificate_IsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Host: "h", User: "u", RootCAFile: file}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Open gave %v", err)
	}
}

func TestConfigFromEnv_Good_IsRead(t *testing.T) {
	env := map[string]string{
		"DATABASE_HOST": "db.example", "DATABASE_PORT": "5433", "DATABASE_NAME": "events", "DATABASE_USER": "consumer",
		"DATABASE_AUTH": "secret", "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:db",
	}
	c, err := ConfigFromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "db.example" || c.Port != 5433 || c.Name != "events" || c.User != "consumer" || c.Auth != AuthSecret || c.SecretARN != env["DATABASE_SECRET_ARN"] {
		t.Errorf("read %+v", c)
	}
}

func TestConfigFromEnv_Bad_NamesVariables(t *testing.T) {
	env := map[string]string{"DATABASE_HOST": "h", "DATABASE_PORT": "x", "DATABASE_AUTH": "password", "DATABASE_CA_FILE": "/nowhere"}
	_, err := ConfigFromEnv(func(name string) string { return env[name] })
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`DATABASE_PORT="x"`, `DATABASE_AUTH="password": want url, iam or secret`, `DATABASE_CA_FILE="/nowhere"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %s", err, strconv.Quote(want))
		}
	}
}
