//go:build unix

package main

// answer is what became of a request.
type answer uint8

const (
	// unsent was not sent: as many connections as may be were waiting.
	unsent answer = iota
	// connectionRefused was not sent: the kernel took no connection.
	connectionRefused
	// accepted is 202.
	accepted
	// overloaded is 503 with the code overloaded and Retry-After: nothing was
	// published.
	overloaded
	// unavailable is another 503 with Retry-After, or 504 with it and the code
	// publish_timeout: SNS does not do its part.
	unavailable
	// unknown was sent and not answered.
	unknown
	// other is every other answer; 503 without Retry-After is one.
	other

	answers = int(other) + 1
)

// stored says whether an event may, and must, be in the table or in a
// dead-letter queue.
func (a answer) stored() (may, must bool) {
	switch a {
	case accepted:
		return true, true
	case unavailable, unknown, other: // whoever sends again does so with the same id
		return true, false
	default:
		return false, false
	}
}
