// Package collectorcheck holds the tests of the files in iac/collector: a
// collector starts with each as the sidecar of the service does, the service's
// telemetry goes through it, and what arrives is looked at.
//
//	build/collector.sh
//
// builds the collector and runs them, as `make collector` does. Without a
// collector, which TRACEHAUL_COLLECTOR names, the tests that need none run: that
// the files read what Terraform gives them.
package collectorcheck
