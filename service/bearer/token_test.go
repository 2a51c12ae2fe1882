package bearer

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

func TestVerify_CognitoToken_IsItsClient(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Audience, c.ClientIDs = []string{bearertest.Audience}, []string{"another", bearertest.ClientID}
	})
	r := with(b.issuer.Token(nil))
	b.wantClient(t, r, bearertest.ClientID)
	if n := r.ContentLength; n != 4 || r.Body == nil {
		t.Errorf("the request was changed")
	}
	if n := b.issuer.Fetches(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// Each change makes one thing of a good token wrong, or leaves it good.
func TestVerify_Claims_Judged(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) { c[name] = value }
	}
	without := func(names ...string) func(map[string]any) {
		return func(c map[string]any) {
			for _, name := range names {
				delete(c, name)
			}
		}
	}
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	audience := func(c *Config) { c.Audience = []string{"other", bearertest.Audience} }
	clients := func(c *Config) { c.ClientIDs = []string{bearertest.ClientID} }
	for name, tc := range map[string]struct {
		config func(*Config)
		change func(map[string]any)
		code   string // empty: good
		detail string
	}{
		"expired":                     {change: set("exp", in(-31*time.Second)), code: CodeInvalidToken, detail: "has expired"},
		"expired within leeway":       {change: set("exp", in(-25*time.Second))},
		"expired, no leeway":          {config: func(c *Config) { c.Leeway = -1 }, change: set("exp", in(-time.Second)), code: CodeInvalidToken, detail: "has expired"},
		"no expiry":                   {change: without("exp"), code: CodeInvalidToken, detail: "lacks"},
		"expiry of null":              {change: set("exp", nil), code: CodeInvalidToken},
		"expiry is text":              {change: set("exp", "soon"), code: CodeInvalidToken, detail: "not valid"},
		"not yet valid":               {change: set("nbf", in(40*time.Second)), code: CodeInvalidToken, detail: "not valid yet"},
		"not yet valid within leeway": {change: set("nbf", in(20*time.Second))},
		"issued in the future":        {change: set("iat", in(40*time.Second)), code: CodeInvalidToken, detail: "not valid yet"},
		"wrong issuer":                {change: set("iss", "https://evil.example"), code: CodeInvalidToken, detail: "another issuer"},
		"issuer with a slash":         {change: func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }, code: CodeInvalidToken, detail: "another issuer"},
		"no issuer":                   {change: without("iss"), code: CodeInvalidToken, detail: "lacks"},
		"id token":                    {change: set("token_use", "id"), code: CodeInvalidToken, detail: "no access token"},
		"no token_use":                {change: without("token_use")},

		"aud":                        {config: audience, change: set("aud", bearertest.Audience)},
		"aud among several":          {config: audience, change: set("aud", []string{"x", bearertest.Audience})},
		"wrong aud":                  {config: audience, change: set("aud", "https://billing.example.com"), code: CodeInvalidToken, detail: "another service"},
		"part of aud":                {config: audience, change: set("aud", bearertest.Audience+"/"), code: CodeInvalidToken, detail: "another service"},
		"no aud, scope of ours":      {config: audience},
		"no aud, scope of others":    {config: audience, change: set("scope", "https://billing.example.com/events.write "+bearertest.Audience), code: CodeInvalidToken, detail: "another service"},
		"no aud, longer identifier":  {config: audience, change: set("scope", bearertest.Audience+"/v2/events.write"), code: CodeInvalidToken, detail: "another service"},
		"no aud, not Cognito's":      {config: audience, change: without("token_use"), code: CodeInvalidToken, detail: "another service"},
		"wrong aud, scope of ours":   {config: audience, change: set("aud", "x"), code: CodeInvalidToken, detail: "another service"},
		"aud of numbers":             {config: audience, change: set("aud", []int{1}), code: CodeInvalidToken, detail: "wrong type"},
		"aud of a number":            {config: audience, change: set("aud", 1), code: CodeInvalidToken, detail: "wrong type"},
		"aud of nobody":              {config: audience, change: set("aud", []string{}), code: CodeInvalidToken, detail: "wrong type"},
		"aud of null":                {change: set("aud", nil), code: CodeInvalidToken, detail: "wrong type"},
		"aud that nobody asked for":  {change: set("aud", "x")},
		"wrong client":               {config: clients, change: set("client_id", "another"), code: CodeInvalidToken, detail: "client may not"},
		"no client":                  {config: clients, change: without("client_id"), code: CodeInvalidToken, detail: "client may not"},
		"sub is no client":           {config: clients, change: func(c map[string]any) { delete(c, "client_id"); c["sub"] = bearertest.ClientID }, code: CodeInvalidToken, detail: "client may not"},
		"client with a line end":     {change: set("client_id", "a\nb"), code: CodeInvalidToken, detail: "client id"},
		"client of a thousand bytes": {change: set("client_id", strings.Repeat("x", 1000)), code: CodeInvalidToken, detail: "client id"},

		"no scope":            {change: without("scope"), code: CodeInsufficientScope, detail: "does not allow"},
		"another scope":       {change: set("scope", bearertest.Audience+"/events.read"), code: CodeInsufficientScope},
		"scope within a word": {change: set("scope", "x"+bearertest.Scope+" "+bearertest.Scope+"x"), code: CodeInsufficientScope},
		"scope among several": {change: set("scope", "a "+bearertest.Scope+" b")},
		"one scope of two":    {config: func(c *Config) { c.Scopes = append(c.Scopes, "b") }, code: CodeInsufficientScope},
		"scope of a list":     {change: set("scope", []string{bearertest.Scope}), code: CodeInvalidToken, detail: "wrong type"},
		"Scope":               {change: func(c map[string]any) { c["scope"] = "a"; c["Scope"] = bearertest.Scope }, code: CodeInsufficientScope},
		"client of a number":  {change: set("client_id", 7), code: CodeInvalidToken, detail: "wrong type"},
		"token_use of null":   {change: set("token_use", nil), code: CodeInvalidToken, detail: "wrong type"},
		"both scopes of two":  {config: func(c *Config) { c.Scopes = append(c.Scopes, "b") }, change: set("scope", "b "+bearertest.Scope)},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if tc.config != nil {
				b = setup(t, tc.config)
			}
			token := b.issuer.Token(tc.change)
			for range 2 { // what is refused is refused again
				if tc.code == "" {
					if _, err := b.Verify(with(token)); err != nil {
						t.Fatal(err)
					}
					continue
				}
				b.wantRefused(t, with(token), tc.code, tc.detail)
			}
		})
	}
}

// A token whose scope is too small is genuine: its client can be named.
func TestVerify_InsufficientScope_StillNamesClient(t *testing.T) {
	b := setup(t)
	client, err := b.Verify(with(b.issuer.Token(func(c map[string]any) { c["scope"] = "a" })))
	if client != bearertest.ClientID || err == nil {
		t.Errorf("client %q, %v", client, err)
	}
}

func TestVerify_ForgedTokens_Refused(t *testing.T) {
	b := setup(t)
	good := b.issuer.Token(nil)
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	key := bearertest.RSA("key-1", 2048)
	public := key.Private.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(good, claims); err != nil {
		t.Fatal(err)
	}
	hmac := func(secret []byte) string {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
		token.Header["kid"] = "key-1"
		text, err := token.SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	other := bearertest.RSA("key-1", 3072) // the issuer's kid, but not its key
	admin := jwt.MapClaims{"client_id": "admin"}
	for name, value := range claims {
		if name != "client_id" {
			admin[name] = value
		}
	}
	for name, tc := range map[string]struct{ token, detail string }{
		"alg none":                {encode(map[string]any{"alg": "none", "kid": "key-1"}) + "." + payload + ".", "algorithm"},
		"alg none, signed":        {encode(map[string]any{"alg": "none", "kid": "key-1"}) + "." + payload + "." + signature, "algorithm"},
		"alg None":                {encode(map[string]any{"alg": "None", "kid": "key-1"}) + "." + payload + ".", "algorithm"},
		"no alg":                  {encode(map[string]any{"kid": "key-1"}) + "." + payload + "." + signature, "algorithm"},
		"alg of a number":         {encode(map[string]any{"alg": 1, "kid": "key-1"}) + "." + payload + "." + signature, "algorithm"},
		"HS256 with public PEM":   {hmac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "algorithm"},
		"HS256 with public DER":   {hmac(der), "algorithm"},
		"HS256 with modulus":      {hmac(public.N.Bytes()), "algorithm"},
		"RS384, not on the list":  {signed(t, jwt.SigningMethodRS384, key, claims), "algorithm"},
		"PS256, not on the list":  {signed(t, jwt.SigningMethodPS256, key, claims), "algorithm"},
		"another key":             {other.Sign(nil, claims), "signature is wrong"},
		"another key in header":   {other.Sign(map[string]any{"jwk": other.JWK()}, claims), "signature is wrong"},
		"address of another key":  {other.Sign(map[string]any{"jku": "https://evil.example/jwks.json"}, claims), "signature is wrong"},
		"unknown kid":             {key.Sign(map[string]any{"kid": "key-2"}, claims), "none of the issuer's"},
		"kid is a path":           {key.Sign(map[string]any{"kid": "../../dev/null"}, claims), "none of the issuer's"},
		"empty kid":               {key.Sign(map[string]any{"kid": ""}, claims), "does not name its key"},
		"kid of a number":         {key.Sign(map[string]any{"kid": 1}, claims), "does not name its key"},
		"critical header":         {key.Sign(map[string]any{"crit": []string{"exp"}}, claims), "critical"},
		"critical unknown header": {key.Sign(map[string]any{"crit": []string{"b64"}, "b64": false}, claims), "critical"},
		"empty critical header":   {key.Sign(map[string]any{"crit": []string{}}, claims), "critical"},
		"logout token":            {key.Sign(map[string]any{"typ": "logout+jwt"}, claims), "no access token"},
		"typ of a number":         {key.Sign(map[string]any{"typ": 1}, claims), "no access token"},
		"changed payload":         {header + "." + encode(admin) + "." + signature, "signature is wrong"},
		"no signature":            {header + "." + payload + ".", "signature is wrong"},
		"short signature":         {header + "." + payload + "." + signature[:len(signature)-4], ""},
		"two parts":               {header + "." + payload, "no JSON Web Token"},
		"four parts":              {good + ".x", "no JSON Web Token"},
		"five parts":              {header + "." + payload + "." + signature + "." + payload + "." + signature, "no JSON Web Token"},
		"padding":                 {header + "=." + payload + "." + signature, "no JSON Web Token"},
		"line end":                {good + "\n", "no JSON Web Token"},
		"space within":            {header + ". " + payload + "." + signature, "no JSON Web Token"},
		"header is no object":     {encode("x") + "." + payload + "." + signature, "no JSON Web Token"},
		"header is null":          {encode(nil) + "." + payload + "." + signature, "algorithm"},
		"payload is null":         {signText(t, key, "null"), "lacks"},
		"payload is a list":       {signText(t, key, "[]"), "no JSON Web Token"},
		"payload is no JSON":      {signText(t, key, "{"), "no JSON Web Token"},
		"bits behind the end":     {good[:len(good)-1] + string(good[len(good)-1]+1), "no JSON Web Token"},
		"dots":                    {"..", "no JSON Web Token"},
		"garbage":                 {"\x00\xff", "no JSON Web Token"},
		"word":                    {"secret", "no JSON Web Token"},
	} {
		t.Run(name, func(t *testing.T) {
			b.wantRefused(t, with(tc.token), CodeInvalidToken, tc.detail)
		})
	}
	b.wantClient(t, with(good), bearertest.ClientID)
}

// signed is a token that is signed with another method than its key is for.
func signed(t *testing.T, method jwt.SigningMethod, k bearertest.Key, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = k.KID
	text, err := token.SignedString(k.Private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signText is a genuine token with any payload at all.
func signText(t *testing.T, k bearertest.Key, payload string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"`+k.KID+`"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := jwt.SigningMethodRS256.Sign(text, k.Private)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestVerify_EveryAlgorithm_OnlyWhereListed(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			key := bearertest.RSA("key-1", 2048)
			if strings.HasPrefix(alg, "ES") {
				key = bearertest.EC("key-1", alg)
			}
			key.Algorithm = alg
			listed := setupWithoutKeys(t, func(c *Config) { c.Algorithms = []string{"RS256", alg} })
			listed.issuer.SetKeys(key)
			listed.refresh(t)
			listed.wantClient(t, with(listed.issuer.Token(nil)), bearertest.ClientID)

			if alg == "RS256" {
				return
			}
			unlisted := setup(t)
			claims := jwt.MapClaims{"iss": unlisted.issuer.URL, "exp": time.Now().Add(time.Hour).Unix(), "scope": bearertest.Scope}
			unlisted.wantRefused(t, with(key.Sign(nil, claims)), CodeInvalidToken, "algorithm")
		})
	}
}

// A key is for its algorithm alone, although others are on the list.
func TestVerify_KeyOfAnotherAlgorithm_Refused(t *testing.T) {
	rs, es := bearertest.RSA("rs", 2048), bearertest.EC("es", "ES256")
	b := setupWithoutKeys(t, func(c *Config) { c.Algorithms = []string{"RS256", "RS384", "PS256", "ES256"} })
	b.issuer.SetKeys(rs, es)
	b.refresh(t)
	claims := jwt.MapClaims{"iss": b.issuer.URL, "exp": time.Now().Add(time.Hour).Unix(), "scope": bearertest.Scope}
	for name, token := range map[string]string{
		"RS384 with the key for RS256": signed(t, jwt.SigningMethodRS384, rs, claims),
		"PS256 with the key for RS256": signed(t, jwt.SigningMethodPS256, rs, claims),
		"ES256 with the kid of RSA":    es.Sign(map[string]any{"kid": "rs"}, claims),
		"RS256 with the kid of EC":     rs.Sign(map[string]any{"kid": "es"}, claims),
	} {
		t.Run(name, func(t *testing.T) { b.wantRefused(t, with(token), CodeInvalidToken, "not for its algorithm") })
	}
	for _, key := range []bearertest.Key{rs, es} {
		b.wantClient(t, with(key.Sign(map[string]any{"typ": "at+jwt"}, claims)), "")
	}
}
