package bearer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	cfg    Config
	parser *jwt.Parser
	keys   *keys
}

// New makes a Verifier. The error names everything that is wrong with c. A
// Verifier that does not run holds no goroutine and need not be closed.
func New(c Config) (*Verifier, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("bearer: %w", err)
	}
	c = c.WithDefaults()
	k, err := newKeys(c)
	if err != nil {
		return nil, fmt.Errorf("bearer: %w", err)
	}
	return &Verifier{
		cfg:  c,
		keys: k,
		parser: jwt.NewParser(
			jwt.WithValidMethods(c.Algorithms),
			jwt.WithStrictDecoding(),
			jwt.WithIssuer(c.Issuer),
			jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(),
			jwt.WithLeeway(c.Leeway),
		),
	}, nil
}

// Run fetches the keys, and again every RefreshInterval, until ctx ends. When
// that fails it tries again sooner, and the keys that are there stay. Without
// Run, keys are fetched when a token needs one that is not there, and never
// removed.
func (v *Verifier) Run(ctx context.Context) { v.keys.run(ctx) }

// Ready returns an [Error] with [CodeKeysUnavailable] as long as there are no
// keys, and nil ever after.
func (v *Verifier) Ready() error {
	if v.keys.current.Load() == nil {
		return v.keys.absent()
	}
	return nil
}

// Verify returns the id of the client that a request comes from, or an [Error].
// The id is empty if the token names no client. It is there with
// [CodeInsufficientScope], too. The body of the request is not read.
//
// A token that is signed with an unknown key may wait for a fetch of the keys,
// [Config.FetchTimeout] at most.
func (v *Verifier) Verify(r *http.Request) (client string, err error) {
	token, refused := v.tokenOf(r)
	if refused != nil {
		return "", refused
	}
	var buffer [usualToken]byte // spares the heap
	digest := sha256.Sum256(append(buffer[:0], token...))
	if set := v.keys.current.Load(); set != nil {
		if client, ok := set.verified.get(digest, time.Now()); ok {
			return client, nil
		}
	}
	client, refused = v.verify(r.Context(), token, digest)
	if refused != nil {
		return client, refused
	}
	return client, nil
}
