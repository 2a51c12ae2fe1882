package bearer

import (
	"net/http"
	"strings"
)

// Codes of an [Error]: short words for programs and metrics.
const (
	// CodeUnauthenticated: the request has no bearer token. 401.
	CodeUnauthenticated = "unauthenticated"

	// CodeInvalidAuthorization: the request has more than one token, or one
	// where it must not be. 400.
	CodeInvalidAuthorization = "invalid_authorization"

	// CodeInvalidToken: the token is not good, or not for this service. A new
	// one may be. 401.
	CodeInvalidToken = "invalid_token"

	// CodeInsufficientScope: the token is good but does not allow this. 403.
	CodeInsufficientScope = "insufficient_scope"

	// CodeKeysUnavailable: the token cannot be judged, since the issuer's keys
	// could not be fetched. Trying again helps. 503.
	CodeKeysUnavailable = "keys_unavailable"
)

// Error is why a request is refused.
type Error struct {
	// Code is one of the constants.
	Code string

	// Detail says what is wrong, for the client. It holds nothing of the
	// request.
	Detail string

	scopes []string // that are needed
}

func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// Status is the HTTP status to answer with.
func (e *Error) Status() int {
	switch e.Code {
	case CodeInvalidAuthorization:
		return http.StatusBadRequest
	case CodeInsufficientScope:
		return http.StatusForbidden
	case CodeKeysUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusUnauthorized
	}
}

// Challenge is the value of WWW-Authenticate to answer with (RFC 6750, 3), or
// nothing when the client can do nothing about it.
func (e *Error) Challenge() string {
	scope := ""
	if len(e.scopes) > 0 {
		scope = `, scope="` + strings.Join(e.scopes, " ") + `"`
	}
	switch e.Code {
	case CodeKeysUnavailable:
		return ""
	case CodeUnauthenticated: // no error: the client may not have known
		return `Bearer realm="events"` + scope
	case CodeInvalidAuthorization:
		return `Bearer error="invalid_request"`
	default:
		return `Bearer error="` + e.Code + `"` + scope
	}
}

func invalid(detail string) *Error { return &Error{Code: CodeInvalidToken, Detail: detail} }

func unavailable(detail string) *Error { return &Error{Code: CodeKeysUnavailable, Detail: detail} }
