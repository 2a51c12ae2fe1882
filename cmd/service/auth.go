package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tracehaul/tracehaul/service/bearer"
)

// auth reads a variable that says which tokens are good: put puts it into their
// config.
func auth(want string, put func(c *bearer.Config, value string)) func(*settings, string) error {
	return func(s *settings, value string) error {
		if s.service.Bearer == nil {
			s.service.Bearer = &bearer.Config{}
		}
		put(s.service.Bearer, value)
		if !goodWith(func(c *bearer.Config) { put(c, value) }) {
			return errors.New(want)
		}
		return nil
	}
}

// goodWith says whether a config that is good stays so with a change, so that a
// variable can be judged without the others.
func goodWith(change func(*bearer.Config)) bool {
	c := bearer.Config{Issuer: "https://issuer.example", Scopes: []string{"scope"}}
	change(&c)
	return c.Validate() == nil
}

// checkAuth says what is wrong with the variables together. Half of them must
// never mean that anybody gets in.
func checkAuth(c *bearer.Config) error {
	if c == nil {
		return nil
	}
	var errs []error
	if c.Issuer == "" {
		errs = append(errs, errors.New("AUTH_ISSUER is not set, but another AUTH_ variable is: want who issues the tokens"))
	}
	if len(c.Scopes)+len(c.ClientIDs)+len(c.Audience) == 0 {
		errs = append(errs, errors.New("of AUTH_SCOPES, AUTH_CLIENT_IDS and AUTH_AUDIENCE none is set: want one at least, or tokens for other services are good here, too"))
	}
	if c.JWKS != "" && c.JWKSURL != "" {
		errs = append(errs, errors.New("both AUTH_JWKS and AUTH_JWKS_URL are set: want one of them"))
	}
	if c.JWKS != "" && goodWith(func(probe *bearer.Config) { probe.Algorithms = c.Algorithms }) {
		probe := bearer.Config{Issuer: "https://issuer.example", Scopes: []string{"scope"}, Algorithms: c.Algorithms, JWKS: c.JWKS}
		if err := probe.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("AUTH_JWKS: want a JSON Web Key Set with a key for AUTH_ALGORITHMS, but %w", err))
		}
	}
	return errors.Join(errs...)
}

// list splits a value at commas and spaces. It is never empty: nothing at all
// is an element that is wrong.
func list(value string) []string {
	elements := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	if len(elements) == 0 {
		return []string{""}
	}
	return elements
}
