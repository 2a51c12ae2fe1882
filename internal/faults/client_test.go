//go:build unix

package main

import (
	"net/http"
	"testing"
)

// Only who has not asked SNS knows that an event is not there.
func TestMeaning_OfAnswers(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   string
		want   answer
	}{
		{http.StatusAccepted, "", accepted},
		{http.StatusRequestTimeout, "slow_body", refused},
		{http.StatusUnprocessableEntity, "missing_attribute", refused},
		{http.StatusServiceUnavailable, "overloaded", refused},
		{http.StatusServiceUnavailable, "stopping", refused},
		{http.StatusServiceUnavailable, "publish_unavailable", unknown},
		{http.StatusServiceUnavailable, "publish_throttled", unknown},
		{http.StatusBadGateway, "publish_refused", unknown},
		{http.StatusGatewayTimeout, "publish_timeout", unknown},
		{http.StatusInternalServerError, "internal_error", unknown},
		{http.StatusBadGateway, "", unknown}, // the load balancer's, of a target that was killed
		{0, "", unknown},
	} {
		if got := meaning(tc.status, tc.code); got != tc.want {
			t.Errorf("%d %q means %v, want %v", tc.status, tc.code, got, tc.want)
		}
	}
}
