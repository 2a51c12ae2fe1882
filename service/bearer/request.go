package bearer

import (
	"net/http"
	"strings"
)

const (
	// maxToken is the longest token that is looked at.
	maxToken = 8 << 10

	// usualToken is longer than nearly all of them: those of Cognito have some
	// 800 bytes, more with scopes and claims of one's own.
	usualToken = 2 << 10
)

// tokenOf finds the token of a request: in the one Authorization header, and
// nowhere else. (RFC 6750, 2: a client uses one method; RFC 9700, 4.3.2: not
// the query, which ends up in access logs.)
func (v *Verifier) tokenOf(r *http.Request) (string, *Error) {
	if r.URL.RawQuery != "" && r.URL.Query().Has("access_token") {
		return "", &Error{Code: CodeInvalidAuthorization, Detail: "A token in the query is a token in access logs. Revoke it, and send the next one in the Authorization header."}
	}
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return "", &Error{Code: CodeInvalidAuthorization, Detail: "There is more than one Authorization header. Send one."}
	}
	if len(values) == 0 {
		return "", v.unauthenticated("Send a token: Authorization: Bearer TOKEN.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", v.unauthenticated("The Authorization header is not of the scheme Bearer.")
	}
	token = strings.Trim(token, " ") // RFC 9110, 11.4: one space or more
	switch {
	case token == "":
		return "", v.unauthenticated("The Authorization header has no token.")
	case len(token) > maxToken:
		return "", invalid("The token is larger than 8 KiB.")
	}
	return token, nil
}

func (v *Verifier) unauthenticated(detail string) *Error {
	return &Error{Code: CodeUnauthenticated, Detail: detail, scopes: v.cfg.Scopes}
}
