package bearer

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// newClient makes a client for one small request now and then.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    timeout,
			MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives:      true,
		},
		// A redirect may lead to where it is not safe.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetchError is why keys could not be fetched: for everybody, and in detail for
// the log.
type fetchError struct {
	public string
	cause  error
}

func (e *fetchError) Error() string {
	if e.cause != nil {
		return e.public + ": " + e.cause.Error()
	}
	return e.public
}

func (e *fetchError) Unwrap() error { return e.cause }

// fetch gets the key set.
func (k *keys) fetch(ctx context.Context) (*keySet, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.cfg.JWKSURL, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	res, err := k.client.Do(req)
	if err != nil {
		return nil, &fetchError{"the issuer cannot be reached", err}
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, &fetchError{fmt.Sprintf("the issuer answers with status %d", res.StatusCode), nil}
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet+1))
	if err != nil {
		return nil, &fetchError{"the issuer's answer broke off", err}
	}
	set, err := parseKeySet(text, k.cfg.Algorithms)
	if err != nil {
		return nil, &fetchError{"the issuer's answer is of no use", fmt.Errorf("it %w", err)}
	}
	return set, nil
}
