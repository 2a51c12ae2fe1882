package alb

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// The transport asks a body whose length it knows for an end when all of it has
// gone, and the target may be at work. A chunked body's end is the last to go.
func TestClientBody_HandedOver_IsWhenTheLastOfItWentToTheTarget(t *testing.T) {
	for name, tt := range map[string]struct {
		length int64
		from   io.Reader
		want   time.Duration // after the beginning
	}{
		"length known":              {2, bytes.NewReader([]byte("xy")), 2 * time.Second},
		"length known, with an end": {2, iotest.DataErrReader(bytes.NewReader([]byte("xy"))), 2 * time.Second},
		"chunked":                   {-1, bytes.NewReader([]byte("xy")), 3 * time.Second},
		"chunked, breaks off":       {-1, io.MultiReader(bytes.NewReader([]byte("xy")), iotest.ErrReader(io.ErrUnexpectedEOF)), 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := forwarding{
					balancer: &Balancer{}, response: httptest.NewRecorder(),
					request: &http.Request{ContentLength: tt.length, Body: io.NopCloser(tt.from)},
				}
				body, began := f.body(), time.Now()
				for range 3 {
					time.Sleep(time.Second)
					_, _ = body.Read(make([]byte, 1))
				}
				if got := time.Unix(0, body.handed.Load()).Sub(began); got != tt.want {
					t.Errorf("handed over after %v, want %v", got, tt.want)
				}
			})
		})
	}
}
