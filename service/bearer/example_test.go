package bearer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tracehaul/tracehaul/service/bearer"
	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

// A handler that tells who is there. The keys are given here; with an Issuer
// alone they are fetched, and v.Run(ctx) keeps them fresh.
func Example() {
	const pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"
	key := bearertest.RSA("key-1", 2048)
	jwks, err := json.Marshal(map[string]any{"keys": []any{key.JWK()}})
	if err != nil {
		log.Fatal(err)
	}
	v, err := bearer.New(bearer.Config{Issuer: pool, Scopes: []string{"orders/write"}, JWKS: string(jwks)})
	if err != nil {
		log.Fatal(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		client, err := v.Verify(r)
		if refused, ok := errors.AsType[*bearer.Error](err); ok {
			w.Header().Set("WWW-Authenticate", refused.Challenge())
			http.Error(w, refused.Detail, refused.Status())
			return
		}
		fmt.Fprintf(w, "Hello, %s.\n", client)
	}

	for _, scope := range []string{"orders/write", "orders/read"} {
		token := key.Sign(nil, map[string]any{
			"iss": pool, "client_id": "partner-7", "token_use": "access", "scope": scope, "exp": time.Now().Add(time.Hour).Unix(),
		})
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Printf("%d %q\n%s", w.Code, w.Header().Get("WWW-Authenticate"), w.Body)
	}
	// Output:
	// 200 ""
	// Hello, partner-7.
	// 403 "Bearer error=\"insufficient_scope\", scope=\"orders/write\""
	// The token does not allow this. Ask the issuer for the scope.
}
