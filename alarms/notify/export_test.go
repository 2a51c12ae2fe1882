package notify

import "time"

// Hurry has a notifier ask as often as a test wants.
func (n *Notifier) Hurry() { n.turnPause, n.casesPoll = 5*time.Millisecond, 10*time.Millisecond }
