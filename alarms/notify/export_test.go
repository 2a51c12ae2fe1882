package notify

import "time"

// PauseAfter is how long to wait if the other side asks for a time.
func PauseAfter(asked, pause time.Duration) time.Duration {
	return pauseAfter(&deliveryError{temporary: true, after: asked}, pause)
}

// Hurry has a notifier ask as often as a test wants.
func (n *Notifier) Hurry() { n.turnPause, n.casesPoll = 5*time.Millisecond, 10*time.Millisecond }
