package bearer

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims are what is looked at in a token beside issuer and times: claims of RFC
// 7519 and RFC 9068, and Cognito's token_use. ("Understanding the access token",
// Amazon Cognito Developer Guide.)
type claims struct {
	audience, scopes   []string
	clientID, tokenUse string
	expires            time.Time
}

// verify judges a token that is not known yet.
func (v *Verifier) verify(ctx context.Context, text string, digest [sha256.Size]byte) (client string, refused *Error) {
	if !isCompact(text) {
		return "", invalid("The token is no JSON Web Token.")
	}
	var set *keySet
	token, err := v.parser.Parse(text, func(t *jwt.Token) (any, error) {
		kid, refused := keyID(t.Header)
		if refused != nil {
			return nil, refused
		}
		var k key
		if k, set, refused = v.keys.find(ctx, kid); refused != nil {
			return nil, refused
		}
		if !slices.Contains(k.algorithms, t.Method.Alg()) {
			return nil, invalid("The token's key is not for its algorithm.")
		}
		return k.public, nil
	})
	if err != nil {
		return "", v.explain(token, err)
	}
	c, refused := claimsOf(token)
	if refused == nil {
		refused = v.judge(c)
	}
	if refused != nil {
		return "", refused
	}
	if !containsAll(c.scopes, v.cfg.Scopes) {
		return c.clientID, &Error{Code: CodeInsufficientScope, Detail: "The token does not allow this. Ask the issuer for the scope.", scopes: v.cfg.Scopes}
	}
	set.verified.put(digest, c.clientID, c.expires.Add(v.cfg.Leeway), time.Now())
	return c.clientID, nil
}

// isCompact says whether s has no character that a token in its compact form
// cannot have (RFC 7515, 7.1). Decoders of base64 skip line ends.
func isCompact(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// keyID reads the header of a token. What it says is not yet known to be true.
func keyID(header map[string]any) (string, *Error) {
	if _, ok := header["crit"]; ok { // RFC 7515, 4.1.11: none of it is understood here
		return "", invalid("The token has critical headers.")
	}
	if typ, ok := header["typ"]; ok && !isAccessTokenType(typ) {
		return "", invalid("The token is no access token.")
	}
	kid, ok := header["kid"].(string)
	if !ok || kid == "" {
		return "", invalid("The token does not name its key.")
	}
	return kid, nil
}

// isAccessTokenType says whether typ is what access tokens have: at+jwt (RFC
// 9068, 2.1) or, as most issuers have it, JWT. Cognito's have none. Other kinds
// of JWT have other types, so that one cannot stand for another (RFC 8725,
// 3.11).
func isAccessTokenType(typ any) bool {
	s, _ := typ.(string)
	switch strings.ToLower(s) {
	case "jwt", "at+jwt", "application/at+jwt":
		return true
	}
	return false
}

// explain makes an Error of the parser's. Its texts are fixed: the parser's may
// hold parts of the token.
func (v *Verifier) explain(token *jwt.Token, err error) *Error {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused
	}
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return invalid("The token is no JSON Web Token.")
	case token == nil || token.Method == nil || !slices.Contains(v.cfg.Algorithms, token.Method.Alg()):
		return invalid("The token's algorithm is not accepted.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return invalid("The token's signature is wrong.")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return invalid("The token lacks its issuer or its time of expiry.")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return invalid("The token is of another issuer.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return invalid("The token has expired.")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return invalid("The token is not valid yet.")
	default:
		return invalid("The token is not valid.")
	}
}

// claimsOf reads the claims of a genuine token. Names are told apart by their
// case, as they are not by encoding/json in a struct: "Scope" is nobody's scope.
func claimsOf(token *jwt.Token) (claims, *Error) {
	all, _ := token.Claims.(jwt.MapClaims) // as Parse makes them
	c, ok := claims{}, true
	text := func(name string) string {
		value, there := all[name]
		s, isText := value.(string)
		ok = ok && (isText || !there)
		return s
	}
	c.clientID, c.tokenUse, c.scopes = text("client_id"), text("token_use"), strings.Fields(text("scope"))
	if _, there := all["aud"]; there {
		c.audience, _ = all.GetAudience()
		ok = ok && len(c.audience) > 0
	}
	expires, err := all.GetExpirationTime()
	if !ok || err != nil || expires == nil {
		return claims{}, invalid("The token has claims of the wrong type.")
	}
	c.expires = expires.Time
	return c, nil
}

// judge says whether a genuine token is one that this service takes.
func (v *Verifier) judge(c claims) *Error {
	switch {
	case c.tokenUse != "" && c.tokenUse != "access":
		return invalid("The token is no access token.")
	case c.clientID != "" && !isVisible(c.clientID):
		return invalid("The token's client id is not one.")
	case !v.isMeantForUs(c):
		return invalid("The token is for another service.")
	case len(v.cfg.ClientIDs) > 0 && !slices.Contains(v.cfg.ClientIDs, c.clientID):
		return invalid("The token's client may not use this service.")
	}
	return nil
}

// isMeantForUs compares the audience: see [Config.Audience].
func (v *Verifier) isMeantForUs(c claims) bool {
	if len(v.cfg.Audience) == 0 {
		return true
	}
	names := c.audience
	if len(names) == 0 && c.tokenUse == "access" {
		for _, scope := range c.scopes {
			if i := strings.LastIndexByte(scope, '/'); i > 0 {
				names = append(names, scope[:i])
			}
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(v.cfg.Audience, name) })
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(have, s) })
}
