package bearer

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

func TestVerify_WhereTokenStands_Judged(t *testing.T) {
	b := setup(t)
	token := b.issuer.Token(nil)
	at := func(url string, authorization ...string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, url, http.NoBody)
		r.Header["Authorization"] = authorization
		return r
	}
	for name, tc := range map[string]struct {
		request *http.Request
		code    string // empty: good
		detail  string
	}{
		"as it should be":           {request: request("Bearer " + token)},
		"lower case":                {request: request("bearer " + token)},
		"upper case":                {request: request("BEARER " + token)},
		"two spaces":                {request: request("Bearer  " + token)},
		"space behind":              {request: request("Bearer " + token + " ")},
		"other query":               {request: at("/v1/events?trace=1&access=token", "Bearer "+token)},
		"none":                      {request: request(), code: CodeUnauthenticated, detail: "Send a token"},
		"empty":                     {request: request(""), code: CodeUnauthenticated},
		"scheme alone":              {request: request("Bearer"), code: CodeUnauthenticated, detail: "no token"},
		"scheme and spaces":         {request: request("Bearer   "), code: CodeUnauthenticated, detail: "no token"},
		"tab":                       {request: request("Bearer\t" + token), code: CodeUnauthenticated},
		"space before":              {request: request(" Bearer " + token), code: CodeUnauthenticated},
		"no scheme":                 {request: request(token), code: CodeUnauthenticated, detail: "scheme"},
		"another scheme":            {request: request("Basic dXNlcjpwYXNz"), code: CodeUnauthenticated, detail: "scheme"},
		"another scheme with token": {request: request("DPoP " + token), code: CodeUnauthenticated, detail: "scheme"},
		"longer scheme":             {request: request("Bearers " + token), code: CodeUnauthenticated, detail: "scheme"},
		"two headers":               {request: request("Bearer "+token, "Bearer "+token), code: CodeInvalidAuthorization, detail: "more than one"},
		"good and bad header":       {request: request("Bearer "+token, "x"), code: CodeInvalidAuthorization, detail: "more than one"},
		"two in one header":         {request: request("Bearer " + token + ", Bearer " + token), code: CodeInvalidToken},
		"token twice":               {request: request("Bearer " + token + " " + token), code: CodeInvalidToken},
		"query":                     {request: at("/v1/events?access_token=" + token), code: CodeInvalidAuthorization, detail: "query"},
		"query and header":          {request: at("/v1/events?a=b&access_token=x", "Bearer "+token), code: CodeInvalidAuthorization, detail: "query"},
		"escaped query":             {request: at("/v1/events?access%5Ftoken=x", "Bearer "+token), code: CodeInvalidAuthorization, detail: "query"},
		"too large":                 {request: request("Bearer " + strings.Repeat("a", maxToken+1)), code: CodeInvalidToken, detail: "8 KiB"},
		"as large as may be":        {request: request("Bearer " + strings.Repeat("a", maxToken)), code: CodeInvalidToken, detail: "no JSON Web Token"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.code == "" {
				b.wantClient(t, tc.request, bearertest.ClientID)
				return
			}
			b.wantRefused(t, tc.request, tc.code, tc.detail)
		})
	}
}

// The answers that RFC 6750, 3.1, gives.
func TestError_EveryCode_HasStatusAndChallenge(t *testing.T) {
	scopes := []string{"a/b", "c"}
	for code, want := range map[string]struct {
		status    int
		challenge string
	}{
		CodeUnauthenticated:      {401, `Bearer realm="events", scope="a/b c"`},
		CodeInvalidAuthorization: {400, `Bearer error="invalid_request"`},
		CodeInvalidToken:         {401, `Bearer error="invalid_token", scope="a/b c"`},
		CodeInsufficientScope:    {403, `Bearer error="insufficient_scope", scope="a/b c"`},
		CodeKeysUnavailable:      {503, ""},
	} {
		e := &Error{Code: code, scopes: scopes}
		if e.Status() != want.status || e.Challenge() != want.challenge {
			t.Errorf("%s: %d, %s; want %+v", code, e.Status(), e.Challenge(), want)
		}
	}
	if got := (&Error{Code: CodeUnauthenticated}).Challenge(); got != `Bearer realm="events"` {
		t.Errorf("challenge without scopes = %s", got)
	}
}

// Whatever is wrong with a token, nothing of it gets out.
func TestVerify_RefusedToken_IsNotRepeated(t *testing.T) {
	b := setup(t)
	key := bearertest.RSA("key-1", 2048)
	secret := "hunter2hunter2"
	for name, token := range map[string]string{
		"garbage":      secret,
		"bad base64":   secret + "=.=.=",
		"kid":          key.Sign(map[string]any{"kid": secret}, nil),
		"issuer":       key.Sign(nil, map[string]any{"iss": secret, "exp": 1e12}),
		"time":         key.Sign(nil, map[string]any{"exp": secret}),
		"scope":        b.issuer.Token(func(c map[string]any) { c["scope"] = secret }),
		"client":       b.issuer.Token(func(c map[string]any) { c["client_id"] = secret + "\n" }),
		"typ":          key.Sign(map[string]any{"typ": secret}, nil),
		"critical":     key.Sign(map[string]any{"crit": secret}, nil),
		"claim's type": key.Sign(nil, map[string]any{"scope": []string{secret}}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Verify(with(token))
			if err == nil {
				t.Fatal("let in")
			}
			if text := err.Error() + b.log.String(); strings.Contains(text, secret) || strings.Contains(text, token) {
				t.Errorf("the token is repeated: %s", text)
			}
		})
	}
}
