package bearer

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says which tokens are good. Issuer is required, and one of Audience,
// ClientIDs and Scopes: who has only the issuer's word that a token is genuine
// takes those that were issued for other services as well.
type Config struct {
	// Issuer is who signs the tokens: their iss claim, to the letter. For
	// Cognito it is https://cognito-idp.REGION.amazonaws.com/POOL. Required.
	Issuer string

	// Audience are the names of this service, one of which a token must be
	// for: in its aud claim. Cognito gives tokens of client credentials no aud;
	// such a token is for the resource server that its scopes name,
	// "IDENTIFIER/scope", and Audience is then that identifier. ("Scopes, M2M,
	// and resource servers", Amazon Cognito Developer Guide.)
	//
	// Defaults to any.
	Audience []string

	// ClientIDs are the clients that may come: the client_id claim, which is
	// Cognito's counterpart of aud in access tokens ("Verifying JSON web
	// tokens", Amazon Cognito Developer Guide) and that of RFC 9068.
	//
	// Defaults to any client of the issuer.
	ClientIDs []string

	// Scopes are what a token must allow, all of them.
	//
	// Defaults to none.
	Scopes []string

	// Algorithms are those that tokens may be signed with, of RS256, RS384,
	// RS512, PS256, PS384, PS512, ES256, ES384 and ES512.
	//
	// Defaults to RS256, the one that Cognito and the load balancer know.
	Algorithms []string

	// JWKSURL is where the issuer's keys are. It and Issuer are https URLs, or
	// http ones of this machine.
	//
	// Defaults to Issuer followed by /.well-known/jwks.json.
	JWKSURL string

	// JWKS are the issuer's keys themselves, a JSON Web Key Set (RFC 7517), for
	// a network that has no way to JWKSURL. Nothing is fetched then, so that
	// new keys need a new start.
	//
	// Defaults to none.
	JWKS string

	// Leeway is by how much clocks may differ, up to 5 minutes. Negative means
	// not at all.
	//
	// Defaults to 30 seconds.
	Leeway time.Duration

	// RefreshInterval is how often the keys are fetched, give or take a tenth.
	//
	// Defaults to 5 minutes.
	RefreshInterval time.Duration

	// FetchTimeout bounds one fetch.
	//
	// Defaults to 5 seconds.
	FetchTimeout time.Duration

	// HTTPClient fetches the keys.
	//
	// Defaults to a client that follows no redirects.
	HTTPClient *http.Client

	// Logger gets a line when the keys change and when they cannot be fetched.
	//
	// Defaults to slog.Default().
	Logger *slog.Logger
}

// algorithms are all that there are (RFC 7518, 3.1), less those with a shared
// secret, with which whoever verifies can sign as well, and none.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}

const (
	maxLeeway  = 5 * time.Minute
	minRefresh = 10 * time.Second
)

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{"RS256"}
	}
	if c.JWKSURL == "" && c.JWKS == "" {
		c.JWKSURL = strings.TrimSuffix(c.Issuer, "/") + "/.well-known/jwks.json"
	}
	c.Leeway = max(0, cmp.Or(c.Leeway, 30*time.Second))
	c.RefreshInterval = cmp.Or(c.RefreshInterval, 5*time.Minute)
	c.FetchTimeout = cmp.Or(c.FetchTimeout, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(field string, value any, want string) {
		errs = append(errs, fmt.Errorf("%s is %v: want %s", field, value, want))
	}
	if !isEndpoint(c.Issuer) {
		bad("Issuer", fmt.Sprintf("%q", c.Issuer), "an https URL, such as https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI")
	}
	if len(c.Audience)+len(c.ClientIDs)+len(c.Scopes) == 0 {
		errs = append(errs, errors.New("of Audience, ClientIDs and Scopes none is set: want one at least"))
	}
	for _, f := range []struct {
		name   string
		values []string
		good   func(string) bool
		want   string
	}{
		{"Audience", c.Audience, isVisible, "names without spaces, such as https://orders.example.com"},
		{"ClientIDs", c.ClientIDs, isVisible, "the ids of clients, without spaces"},
		{"Scopes", c.Scopes, isScope, "scopes, such as events/write"},
		{"Algorithms", c.Algorithms, isAlgorithm, "some of " + strings.Join(algorithms, ", ")},
	} {
		for _, v := range f.values {
			if !f.good(v) {
				bad(f.name, fmt.Sprintf("%q", f.values), f.want)
				break
			}
		}
	}
	switch {
	case c.JWKS != "" && c.JWKSURL != "":
		errs = append(errs, errors.New("both JWKS and JWKSURL are set: want one of them"))
	case c.JWKS != "":
		if _, err := parseKeySet([]byte(c.JWKS), c.WithDefaults().Algorithms); err != nil {
			errs = append(errs, fmt.Errorf("JWKS %w", err))
		}
	case c.JWKSURL != "" && !isEndpoint(c.JWKSURL):
		bad("JWKSURL", fmt.Sprintf("%q", c.JWKSURL), "an https URL, or an http one of this machine")
	}
	c = c.WithDefaults()
	if c.Leeway > maxLeeway {
		bad("Leeway", c.Leeway, maxLeeway.String()+" at most")
	}
	if c.RefreshInterval < minRefresh {
		bad("RefreshInterval", c.RefreshInterval, minRefresh.String()+" or more")
	}
	if c.FetchTimeout <= 0 {
		bad("FetchTimeout", c.FetchTimeout, "more than 0")
	}
	return errors.Join(errs...)
}

// isEndpoint says whether a URL can be trusted to lead to whom it names:
// whoever can change the keys on their way can sign tokens. (RFC 8414, 2: an
// issuer has neither query nor fragment.)
func isEndpoint(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsAny(s, "?#") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

// isVisible says whether s is a name that can be in a header, a setting and a
// span (RFC 6749, A.1, less spaces).
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// maxName is the longest name: a resource server's identifier has up to 256
// characters, a client's id up to 128 ("CreateResourceServer" and
// "CreateUserPoolClient", Amazon Cognito API Reference).
const maxName = 512

// isScope says whether s is one scope (RFC 6749, 3.3), and so safe in a
// challenge.
func isScope(s string) bool { return isVisible(s) && !strings.ContainsAny(s, `"\`) }

func isAlgorithm(s string) bool { return slices.Contains(algorithms, s) }
