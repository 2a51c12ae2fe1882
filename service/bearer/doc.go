// Package bearer verifies the bearer tokens of HTTP requests: JSON Web Tokens
// (RFC 7519) in the Authorization header (RFC 6750), signed by one issuer, such
// as a user pool of Amazon Cognito.
//
// Start from [New]. [Verifier.Verify] judges a request, [Verifier.Run] keeps
// the issuer's keys fresh:
//
//	v, err := bearer.New(bearer.Config{
//		Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
//		Scopes: []string{"https://orders.example.com/events.write"},
//	})
//	go v.Run(ctx)
//	client, err := v.Verify(r)
//
// What makes a token good follows RFC 8725, JWT Best Current Practices: an
// algorithm of the list, which holds asymmetric ones only; a key that the
// issuer publishes for that algorithm; issuer, times, and what the token is
// for. Keys that a token brings or points to are never looked at.
//
// An [Error] has the status and the challenge to answer with. Neither it nor
// anything that is logged holds a part of a token.
//
// A token that was verified is known by its SHA-256 until it expires, so that
// the next request with it costs about a microsecond. When the issuer's keys
// change, all are verified anew.
//
// Of this module it imports nothing.
// Tests of programs that use it find an issuer in package bearertest.
package bearer
