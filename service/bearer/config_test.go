package bearer

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

func TestConfig_AllWrong_AllReportedAtOnce(t *testing.T) {
	_, err := New(Config{
		Issuer: "issuer", Audience: []string{"a b"}, ClientIDs: []string{""}, Scopes: []string{`a"b`}, Algorithms: []string{"HS256"},
		JWKSURL: "http://issuer.example/jwks.json", Leeway: time.Hour, RefreshInterval: time.Second, FetchTimeout: -1,
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"Issuer", "Audience", "ClientIDs", "Scopes", "Algorithms", "JWKSURL", "Leeway", "RefreshInterval", "FetchTimeout"} {
		if !strings.Contains(err.Error(), field+" is ") {
			t.Errorf("the error does not name %s:\n%v", field, err)
		}
	}
}

func TestConfig_OneThingWrong_Reported(t *testing.T) {
	issuer := bearertest.New(t)
	for want, change := range map[string]func(*Config){
		"none is set: want one at least": func(c *Config) { c.Scopes = nil },
		"both JWKS and JWKSURL":          func(c *Config) { c.JWKS, c.JWKSURL = string(issuer.JWKS()), c.Issuer },
		"JWKS is no JSON Web Key Set":    func(c *Config) { c.JWKS = "x" },
		"JWKS holds no key for ES256":    func(c *Config) { c.JWKS, c.Algorithms = string(issuer.JWKS()), []string{"ES256"} },
	} {
		c := Config{Issuer: issuer.URL, Scopes: []string{"s"}}
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
	for interval, ok := range map[time.Duration]bool{10 * time.Second: true, 10*time.Second - 1: false} {
		if err := (Config{Issuer: issuer.URL, Scopes: []string{"s"}, RefreshInterval: interval}).Validate(); (err == nil) != ok {
			t.Errorf("an interval of %v: %v, want ok: %t", interval, err, ok)
		}
	}
	for _, alg := range []string{"none", "None", "HS256", "HS512", "EdDSA", "rs256", ""} {
		if (Config{Issuer: issuer.URL, Scopes: []string{"s"}, Algorithms: []string{"RS256", alg}}).Validate() == nil {
			t.Errorf("algorithm %q is accepted", alg)
		}
	}
}

func TestConfig_Endpoints_OnlySafeOnes(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI": true,
		"https://issuer.example:8443":                                     true,
		"http://127.0.0.1:8080":                                           true,
		"http://[::1]:8080/x":                                             true,
		"http://issuer.example":                                           false,
		"http://localhost":                                                false, // whoever answers to that name
		"http://10.0.0.1":                                                 false,
		"https://user:password@issuer.example":                            false,
		"https://issuer.example/?a=b":                                     false,
		"https://issuer.example/#a":                                       false,
		"https:///x":                                                      false,
		"ftp://issuer.example":                                            false,
		"issuer.example":                                                  false,
		"https://issuer example":                                          false,
		"":                                                                false,
	} {
		if err := (Config{Issuer: url, Scopes: []string{"s"}}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v, want ok: %v", url, err, ok)
		}
	}
}

func TestConfig_NothingButIssuer_Defaults(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://issuer.example":   "https://issuer.example/.well-known/jwks.json",
		"https://issuer.example/":  "https://issuer.example/.well-known/jwks.json",
		"https://issuer.example/a": "https://issuer.example/a/.well-known/jwks.json",
	} {
		c := Config{Issuer: issuer}.WithDefaults()
		if c.JWKSURL != want || len(c.Algorithms) != 1 || c.Algorithms[0] != "RS256" || c.Leeway != 30*time.Second ||
			c.RefreshInterval != 5*time.Minute || c.FetchTimeout != 5*time.Second || c.Logger == nil {
			t.Errorf("%s: %+v", issuer, c)
		}
	}
	if c := (Config{Leeway: -1}).WithDefaults(); c.Leeway != 0 {
		t.Errorf("leeway = %v, want none", c.Leeway)
	}
}

func TestReady_NoKeys_IsError(t *testing.T) {
	b := setupWithoutKeys(t)
	if e, ok := errors.AsType[*Error](b.Ready()); !ok || e.Code != CodeKeysUnavailable {
		t.Errorf("ready: %v", e)
	}
	b.refresh(t)
	if err := b.Ready(); err != nil {
		t.Errorf("ready: %v", err)
	}
}
