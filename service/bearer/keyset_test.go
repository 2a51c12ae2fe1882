package bearer

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

// keySetOf is a key set as an issuer publishes it.
func keySetOf(tb testing.TB, keys ...map[string]any) []byte {
	tb.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// changed is a published key with something changed, or left out if nil.
func changed(k bearertest.Key, name string, value any) map[string]any {
	m := k.JWK()
	if m[name] = value; value == nil {
		delete(m, name)
	}
	return m
}

func TestParseKeySet_Keys_UsedOrLeftOut(t *testing.T) {
	rs, es := bearertest.RSA("k", 2048), bearertest.EC("k", "ES256")
	for name, tc := range map[string]struct {
		jwk        map[string]any
		algorithms []string // that it is for; empty: left out
		why        string
	}{
		"RSA":                    {jwk: rs.JWK(), algorithms: []string{"RS256"}},
		"RSA for any algorithm":  {jwk: changed(rs, "alg", nil), algorithms: []string{"RS256", "PS256"}},
		"RSA for any use":        {jwk: changed(rs, "use", nil), algorithms: []string{"RS256"}},
		"EC":                     {jwk: es.JWK(), algorithms: []string{"ES256"}},
		"EC for any algorithm":   {jwk: changed(es, "alg", nil), algorithms: []string{"ES256"}},
		"to verify":              {jwk: changed(rs, "key_ops", []string{"verify"}), algorithms: []string{"RS256"}},
		"unknown members":        {jwk: changed(rs, "x5t", "abc"), algorithms: []string{"RS256"}},
		"to encrypt":             {jwk: changed(rs, "use", "enc"), why: "use"},
		"to sign":                {jwk: changed(rs, "key_ops", []string{"sign"}), why: "key_ops"},
		"for nothing":            {jwk: changed(rs, "key_ops", []string{}), why: "key_ops"},
		"without kid":            {jwk: changed(rs, "kid", nil), why: "no kid"},
		"kid of a number":        {jwk: changed(rs, "kid", 7), why: "kid"},
		"unlisted algorithm":     {jwk: changed(rs, "alg", "RS512"), why: "no accepted algorithm"},
		"RSA for ES256":          {jwk: changed(rs, "alg", "ES256"), why: "no accepted algorithm"},
		"RSA for HS256":          {jwk: changed(rs, "alg", "HS256"), why: "no accepted algorithm"},
		"EC for RS256":           {jwk: changed(es, "alg", "RS256"), why: "no accepted algorithm"},
		"unlisted curve":         {jwk: bearertest.EC("k", "ES384").JWK(), why: "no accepted algorithm"},
		"unknown curve":          {jwk: changed(es, "crv", "secp256k1"), why: "crv"},
		"curve of another point": {jwk: changed(bearertest.EC("k", "ES384"), "crv", "P-256"), why: "32 bytes"},
		"point off the curve":    {jwk: changed(es, "x", es.JWK()["y"]), why: "no point"},
		"point of nothing":       {jwk: changed(es, "x", nil), why: "32 bytes"},
		"shared secret":          {jwk: map[string]any{"kty": "oct", "kid": "k", "alg": "HS256", "k": "AAAA"}, why: "kty"},
		"no type":                {jwk: changed(rs, "kty", nil), why: "kty"},
		"1024 bits":              {jwk: bearertest.RSA("k", 1024).JWK(), why: "1024 bits: want 2048"},
		"2047 bits":              {jwk: changed(rs, "n", "f"+strings.Repeat("w", 341)), why: "2047 bits"},
		"16384 bits":             {jwk: changed(rs, "n", strings.Repeat("_", 2731)), why: "16384 bits"},
		"no modulus":             {jwk: changed(rs, "n", nil), why: "0 bits"},
		"modulus in hex":         {jwk: changed(rs, "n", "0x12!"), why: "base64url"},
		"exponent 1":             {jwk: changed(rs, "e", "AQ"), why: "exponent"},
		"exponent 65536":         {jwk: changed(rs, "e", "AQAA"), why: "exponent"},
		"exponent of 5 bytes":    {jwk: changed(rs, "e", "AQAAAAE"), why: "4 bytes"},
		"no exponent":            {jwk: changed(rs, "e", nil), why: "exponent"},
		"private key":            {jwk: changed(rs, "d", "AQ"), why: "private"},
	} {
		t.Run(name, func(t *testing.T) {
			// A key that cannot be used does not spoil the others.
			good := bearertest.RSA("good", 2048)
			set, err := parseKeySet(keySetOf(t, tc.jwk, good.JWK()), []string{"RS256", "PS256", "ES256"})
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := set.keys["good"]; !ok {
				t.Error("the good key is left out, too")
			}
			if got := set.keys["k"].algorithms; !slices.Equal(got, tc.algorithms) {
				t.Errorf("it is for %v, want %v; ignored: %v", got, tc.algorithms, set.ignored)
			}
			if why := strings.Join(set.ignored, "; "); !strings.Contains(why, tc.why) || (why == "") != (tc.why == "") {
				t.Errorf("ignored: %q, want it to say %q", why, tc.why)
			}
		})
	}
}

func TestParseKeySet_NoSet_IsError(t *testing.T) {
	key := bearertest.RSA("k", 2048)
	many := slices.Repeat([]map[string]any{key.JWK()}, maxKeys+1)
	for name, tc := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":   {nil, "no JSON Web Key Set"},
		"HTML":      {[]byte("<html>"), "no JSON Web Key Set"},
		"a list":    {[]byte("[]"), "no JSON Web Key Set"},
		"no keys":   {[]byte("{}"), "no key for RS256"},
		"empty":     {[]byte(`{"keys":[]}`), "no key for RS256"},
		"null":      {[]byte(`{"keys":[null]}`), "no kid"},
		"weak only": {keySetOf(t, bearertest.RSA("k", 1024).JWK()), "1024 bits"},
		"too many":  {keySetOf(t, many...), "65 keys"},
		"too large": {slices.Concat([]byte(`{"keys":[`), make([]byte, maxKeySet)), "larger than 153600 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseKeySet(tc.text, []string{"RS256"}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q", err, tc.want)
			}
		})
	}
}

// Two keys of one kid: nobody can say which one is meant.
func TestParseKeySet_KidTwice_FirstCounts(t *testing.T) {
	first, second := bearertest.RSA("k", 2048), bearertest.EC("k", "ES256")
	set, err := parseKeySet(keySetOf(t, first.JWK(), second.JWK()), algorithms)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.ignored) != 1 || !set.keys["k"].public.Equal(first.Private.Public()) {
		t.Errorf("ignored: %v", set.ignored)
	}
}

func TestKeySet_Equal_SeesEveryChange(t *testing.T) {
	one, other := bearertest.RSA("k", 2048), bearertest.RSA("other", 2048)
	parse := func(keys ...map[string]any) *keySet {
		set, err := parseKeySet(keySetOf(t, keys...), []string{"RS256", "RS384"})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	base := parse(one.JWK(), other.JWK())
	if !base.equal(parse(other.JWK(), one.JWK())) {
		t.Error("the order of keys matters")
	}
	material := maps.Clone(other.JWK())
	material["kid"] = "k"
	for name, set := range map[string]*keySet{
		"one less":       parse(one.JWK()),
		"another key":    parse(material, other.JWK()),
		"another kid":    parse(changed(one, "kid", "k2"), other.JWK()),
		"more to do":     parse(changed(one, "alg", nil), other.JWK()),
		"something else": parse(changed(one, "alg", "RS384"), other.JWK()),
	} {
		if base.equal(set) {
			t.Errorf("%s: not noticed", name)
		}
	}
}
