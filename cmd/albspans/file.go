package main

import (
	"path"
	"strings"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// otherFile tells whether a file is of another log of the load balancer, and of
// which. They lie in the same folders and end alike, so that S3's filter of prefix
// and suffix cannot keep them apart: it is the beginning of the name, behind the
// day's folder, that differs. Whatever else there is is read: what is no access log
// then fails, and is heard of.
//
// Sources: "Access log files", "Connection log files" and "Health check log
// files", Application Load Balancers guide. Its page of connection logs had a
// period behind conn_log once; the files have an underscore
// (https://github.com/grafana/lambda-promtail/issues/23).
func otherFile(key string) (kind string, is bool) {
	switch name := path.Base(key); {
	case strings.HasPrefix(name, "conn_log"):
		return semconv.FileALBConnections, true
	case strings.HasPrefix(name, "health_check_log"):
		return semconv.FileALBHealthChecks, true
	}
	return "", false
}
