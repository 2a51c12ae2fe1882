// The service takes events over HTTP and publishes them to SNS. See package
// service.
package main

// version is set by -ldflags "-X main.version=...".
var version = ""

func main() { _ = version }
