// Package bearertest is an issuer of tokens for tests: real keys, behind a real
// HTTP server, and tokens like those of Cognito.
//
//	issuer := bearertest.New(t)
//	v, err := bearer.New(bearer.Config{Issuer: issuer.URL, Scopes: []string{bearertest.Scope}})
//	r.Header.Set("Authorization", "Bearer "+issuer.Token(nil))
package bearertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What the tokens of an [Issuer] say.
const (
	Audience = "https://orders.example.com" // identifier of the resource server
	Scope    = Audience + "/events.write"
	ClientID = "4jd6s7exampleclient0id9q8w"
)

// Issuer issues tokens and publishes its keys.
type Issuer struct {
	// URL is the issuer's name and where it serves.
	URL string

	mu      sync.Mutex
	keys    []Key
	serve   http.Handler // instead of the keys
	fetches int
}

// Key is a key pair. KID, Algorithm and Use are published with it, and left out
// when they are empty.
type Key struct {
	Private             crypto.Signer
	KID, Algorithm, Use string
}

// New starts an issuer with one key of RSA. It stops when the test ends.
func New(tb testing.TB) *Issuer {
	tb.Helper()
	i, stop := Start()
	tb.Cleanup(stop)
	return i
}

// Start starts an issuer likewise, for programs that are no tests.
func Start() (i *Issuer, stop func()) {
	i = &Issuer{keys: []Key{RSA("key-1", 2048)}}
	server := httptest.NewServer(i)
	i.URL = server.URL
	return i, server.Close
}

// ServeHTTP answers with the key set.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.fetches++
	serve := i.serve
	i.mu.Unlock()
	switch {
	case serve != nil:
		serve.ServeHTTP(w, r)
	case r.URL.Path != "/.well-known/jwks.json":
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(i.JWKS())
	}
}

// Fetches is how often the keys were asked for.
func (i *Issuer) Fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// Serve lets h answer instead of the issuer, until it is nil again.
func (i *Issuer) Serve(h http.Handler) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.serve = h
}

// SetKeys makes keys those of the issuer. Tokens are signed with the first.
func (i *Issuer) SetKeys(keys ...Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

// JWKS is the issuer's key set.
func (i *Issuer) JWKS() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	set := struct {
		Keys []map[string]any `json:"keys"`
	}{[]map[string]any{}}
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.JWK())
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	return text
}

// Token issues an access token as Cognito does for client credentials, good for
// an hour. change, if not nil, changes its claims.
func (i *Issuer) Token(change func(claims map[string]any)) string {
	i.mu.Lock()
	k := i.keys[0]
	i.mu.Unlock()
	now := time.Now()
	claims := map[string]any{
		"sub": ClientID, "token_use": "access", "scope": Scope, "auth_time": now.Unix(), "iss": i.URL,
		"exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "version": 2, "jti": rand.Text(), "client_id": ClientID,
	}
	if change != nil {
		change(claims)
	}
	return k.Sign(nil, claims)
}

// Sign makes a token of claims. The header has the key's kid and algorithm, and
// what is in header besides or instead.
func (k Key) Sign(header, claims map[string]any) string {
	token := jwt.NewWithClaims(jwt.GetSigningMethod(k.Algorithm), jwt.MapClaims(claims))
	token.Header = map[string]any{"alg": k.Algorithm, "kid": k.KID}
	maps.Copy(token.Header, header)
	text, err := token.SignedString(k.Private)
	if err != nil {
		panic(err)
	}
	return text
}

// JWK is the public key as it is published (RFC 7518, 6).
func (k Key) JWK() map[string]any {
	m := map[string]any{}
	for name, value := range map[string]string{"kid": k.KID, "alg": k.Algorithm, "use": k.Use} {
		if value != "" {
			m[name] = value
		}
	}
	encode := base64.RawURLEncoding.EncodeToString
	switch public := k.Private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", encode(public.N.Bytes()), encode(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, x, y
		if err != nil {
			panic(err)
		}
		size := len(point) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", public.Params().Name, encode(point[1:1+size]), encode(point[1+size:])
	}
	return m
}

var (
	mu   sync.Mutex
	made = map[string]*rsa.PrivateKey{} // making one takes a tenth of a second
)

// RSA is a key for RS256. For the same arguments it is the same key.
func RSA(kid string, bits int) Key {
	mu.Lock()
	defer mu.Unlock()
	name := fmt.Sprintf("%s %d", kid, bits)
	private, ok := made[name]
	if !ok {
		var err error
		if private, err = rsa.GenerateKey(rand.Reader, bits); err != nil {
			panic(err)
		}
		made[name] = private
	}
	return Key{Private: private, KID: kid, Algorithm: "RS256", Use: "sig"}
}

// EC is a new key for ES256, ES384 or ES512.
func EC(kid, algorithm string) Key {
	curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[algorithm]
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return Key{Private: private, KID: kid, Algorithm: algorithm, Use: "sig"}
}
