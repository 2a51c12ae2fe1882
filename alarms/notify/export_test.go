package notify

import (
	"net/http"
	"time"
)

// PauseAfter is how long to wait if the other side asks for a time.
func PauseAfter(asked, pause time.Duration) time.Duration {
	return pauseAfter(&deliveryError{temporary: true, after: asked}, pause)
}

// CallOver has a notifier call others than AWS over a transport.
func (n *Notifier) CallOver(transport http.RoundTripper) { n.client.Transport = transport }

// Hurry has a notifier ask as often as a test wants.
func (n *Notifier) Hurry() { n.turnPause, n.casesPoll = 5*time.Millisecond, 10*time.Millisecond }
