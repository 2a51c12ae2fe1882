package main

import (
	"path"
	"strings"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// otherFile tells whether a file is none of the access log's, and what it is.
// Load balancers write all their logs into the same folders with the same ending,
// so that S3's filter of prefix and suffix cannot keep them apart: it is the
// beginning of the name, behind the day's folder, that differs. An access log's is
// the account's number.
//
// Sources: "Access log files", "Connection log files" and "Health check log
// files", Application Load Balancers guide. Its pages of connection logs had a
// period behind conn_log once; the files have an underscore
// (https://github.com/grafana/lambda-promtail/issues/23).
func otherFile(key string) (kind string, is bool) {
	name := path.Base(key)
	switch {
	case strings.HasPrefix(name, "conn_log"):
		return semconv.FileALBConnections, true
	case strings.HasPrefix(name, "health_check_log"):
		return semconv.FileALBHealthChecks, true
	}
	account, rest, _ := strings.Cut(name, "_")
	if strings.Trim(account, "0123456789") != "" || !strings.HasPrefix(rest, "elasticloadbalancing_") {
		return semconv.FileALBOther, true
	}
	return "", false
}
