package bearer

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

const (
	fuzzIssuer = "https://issuer.example"
	fuzzHeader = `{"alg":"ES256","kid":"k"}`
	fuzzClaims = `{"iss":"https://issuer.example","client_id":"c","token_use":"access","scope":"a/b","exp":4102444800,"iat":1700000000}`
)

// fuzzed is a verifier with a key, and no network.
func fuzzed(f *testing.F) (*Verifier, bearertest.Key) {
	f.Helper()
	key := bearertest.EC("k", "ES256")
	text, err := json.Marshal(map[string]any{"keys": []any{key.JWK()}})
	if err != nil {
		f.Fatal(err)
	}
	v, err := New(Config{Issuer: fuzzIssuer, Audience: []string{"a"}, Scopes: []string{"a/b"}, Algorithms: []string{"ES256"}, JWKS: string(text)})
	if err != nil {
		f.Fatal(err)
	}
	return v, key
}

func signES256(tb testing.TB, key bearertest.Key, header, payload string) string {
	tb.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	signature, err := jwt.SigningMethodES256.Sign(text, key.Private)
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + encode(signature)
}

// FuzzVerify_Authorization sends any header at all. Nobody gets in who has no
// token of the issuer's.
func FuzzVerify_Authorization(f *testing.F) {
	v, key := fuzzed(f)
	good := signES256(f, key, fuzzHeader, fuzzClaims)
	f.Add("Bearer " + good)
	f.Add("bearer  " + good + " ")
	f.Add("Bearer " + good[:len(good)-1])
	f.Add("Bearer eyJhbGciOiJub25lIiwia2lkIjoiayJ9.e30.")
	f.Add("Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.bnVsbA.AAAA")
	f.Add("Basic dXNlcjpwYXNz")
	f.Add("Bearer ..")
	f.Add("Bearer")
	f.Fuzz(func(t *testing.T, authorization string) {
		_, err := v.Verify(request(authorization))
		if err == nil {
			if scheme, token, _ := strings.Cut(authorization, " "); !strings.EqualFold(scheme, "bearer") || strings.Trim(token, " ") != good {
				t.Errorf("let in with %q", authorization)
			}
			return
		}
		checkError(t, err)
	})
}

// FuzzVerify_Claims signs any header and any claims. Whoever gets in has all
// that is asked for.
func FuzzVerify_Claims(f *testing.F) {
	v, key := fuzzed(f)
	f.Add(fuzzHeader, fuzzClaims)
	f.Add(`{"alg":"ES256","kid":"k","typ":"at+jwt"}`, strings.Replace(fuzzClaims, `"token_use":"access"`, `"aud":["x","a"]`, 1))
	f.Add(`{"alg":"ES256","kid":"k","crit":["exp"]}`, fuzzClaims)
	f.Add(`{"alg":"ES256","kid":"k","alg":"none"}`, strings.Replace(fuzzClaims, `"exp":4102444800`, `"exp":1e300,"EXP":"4102444800"`, 1))
	f.Add(`{"alg":"none"}`, `{}`)
	f.Add(`null`, `null`)
	f.Add(`{"alg":"ES256","kid":"k"} `, strings.Replace(fuzzClaims, `"iat":1700000000`, `"nbf":-1.5,"iat":"1700000000"`, 1))
	f.Fuzz(func(t *testing.T, header, claims string) {
		client, err := v.Verify(with(signES256(t, key, header, claims)))
		if err != nil {
			checkError(t, err)
			return
		}
		if client != "" && !isVisible(client) {
			t.Errorf("client %q", client)
		}
		var h, c map[string]any
		if json.Unmarshal([]byte(header), &h) != nil || json.Unmarshal([]byte(claims), &c) != nil {
			t.Fatalf("let in with %q and %q", header, claims)
		}
		if _, critical := h["crit"]; critical || h["alg"] != "ES256" || h["kid"] != "k" {
			t.Errorf("let in with the header %q", header)
		}
		exp, ok := c["exp"].(float64)
		scope, _ := c["scope"].(string)
		if c["iss"] != fuzzIssuer || !ok || exp < float64(time.Now().Add(-time.Minute).Unix()) || !slices.Contains(strings.Fields(scope), "a/b") {
			t.Errorf("let in with %q", claims)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status() < 400 || e.Status() >= 500 || e.Detail == "" || e.Challenge() == "" {
		t.Errorf("error = %#v", err)
	}
}

// FuzzParseKeySet reads any answer of an issuer. Whatever comes, the keys that
// are used are strong.
func FuzzParseKeySet(f *testing.F) {
	f.Add(keySetOf(f, bearertest.RSA("k", 2048).JWK(), bearertest.EC("e", "ES256").JWK()))
	f.Add(keySetOf(f, bearertest.RSA("k", 1024).JWK()))
	f.Add(keySetOf(f, changed(bearertest.RSA("k", 2048), "alg", nil), bearertest.EC("e", "ES512").JWK()))
	f.Add([]byte(`{"keys":[{"kty":"EC","kid":"k","crv":"P-256","x":"AA","y":"AA"},null,1]}`))
	f.Add([]byte(`{"keys":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := parseKeySet(text, algorithms)
		if err != nil {
			if err.Error() == "" || set != nil {
				t.Errorf("set %v with error %q", set, err)
			}
			return
		}
		for kid, k := range set.keys {
			if kid == "" || len(k.algorithms) == 0 {
				t.Errorf("key %q for %v", kid, k.algorithms)
			}
			switch public := k.public.(type) {
			case *rsa.PublicKey:
				if public.N.BitLen() < 2048 || public.E < 3 || slices.Contains(k.algorithms, "ES256") {
					t.Errorf("%d bits, exponent %d, for %v", public.N.BitLen(), public.E, k.algorithms)
				}
			case *ecdsa.PublicKey:
				if _, err := public.ECDH(); err != nil || len(k.algorithms) != 1 {
					t.Errorf("%v, for %v", err, k.algorithms)
				}
			default:
				t.Errorf("key of type %T", k.public)
			}
		}
	})
}
