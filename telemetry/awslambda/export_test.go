package awslambda

// NewSandbox forgets that this process was invoked, for tests of the cold
// start.
func NewSandbox() { sandbox.invoked.Store(false) }
