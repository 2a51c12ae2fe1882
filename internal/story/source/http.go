package source

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// HTTP is how a back end is reached.
type HTTP struct {
	// URL is its base, with the path that a proxy puts before it. Required.
	URL string
	// Header goes with every request: a tenant, a token. Defaults to none.
	Header http.Header
	// Client makes the requests. It follows no redirect to another place, which
	// would be told the header. Defaults to http.DefaultClient.
	Client *http.Client
}

const (
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 20
	// maxRedirects bounds how often one place sends on within itself.
	maxRedirects = 5
)

// host is the URL without user, password and query.
func (h HTTP) host() string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return "its address"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// get returns the status and the body. Every status but 200 and 404 is an
// error.
func (h HTTP) get(ctx context.Context, path string, query url.Values) (status int, body []byte, err error) {
	address := strings.TrimSuffix(h.URL, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	maps.Copy(r.Header, h.Header)
	r.Header.Set("Accept", "application/json")
	return h.do(r)
}

// samePlace refuses a redirect to another host, port or scheme: net/http takes
// a token along to another port or from https to http of the same host, and
// headers that it does not know, such as a tenant's, everywhere.
func samePlace(r *http.Request, via []*http.Request) error {
	from := via[0].URL
	if r.URL.Scheme != from.Scheme || r.URL.Host != from.Host {
		return fmt.Errorf("it redirects to %s://%s: want the address that answers itself", r.URL.Scheme, r.URL.Host)
	}
	if len(via) >= maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	return nil
}

func (h HTTP) do(r *http.Request) (status int, body []byte, err error) {
	client := h.Client
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	own.CheckRedirect = samePlace
	response, err := own.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return response.StatusCode, nil, err
	}
	if len(body) > maxAnswer {
		return response.StatusCode, nil, fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	switch response.StatusCode {
	case http.StatusOK, http.StatusNotFound:
		return response.StatusCode, body, nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return response.StatusCode, nil, fmt.Errorf("the answer is %s: want a token that may read", response.Status)
	}
	return response.StatusCode, nil, fmt.Errorf("the answer is %s: %.200s", response.Status, strings.TrimSpace(string(body)))
}
