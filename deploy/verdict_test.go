package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/deploy"
)

const requested = "arn:aws:ecs:eu-central-1:123456789012:task-definition/prod-orders-intake:42"

func TestVerdict_Cases(t *testing.T) {
	service := deploy.Want{TaskDefinition: requested}
	consumer := deploy.Want{FunctionVersion: "17"}
	digest := "sha256:" + strings.Repeat("42", 32)
	for name, test := range map[string]struct {
		want    deploy.Want
		outcome deploy.Outcome
		cause   deploy.Cause
		alarms  string
		alone   bool   // whether no alarm watched
		fails   string // a part of the error
	}{
		"canary-succeeds":                {want: deploy.Want{Image: digest}, outcome: deploy.OutcomeServing},
		"rolled-back-by-alarm":           {want: service, outcome: deploy.OutcomeRolledBack, cause: deploy.CauseAlarm, alarms: "prod-orders-rollback-5xx-a"},
		"rolled-back-by-circuit-breaker": {want: service, outcome: deploy.OutcomeRolledBack, cause: deploy.CauseCircuitBreaker},
		"rolled-back-by-hook":            {want: service, outcome: deploy.OutcomeRolledBack, cause: deploy.CauseHook},
		"rollback-failed":                {want: service, outcome: deploy.OutcomeFailed, cause: deploy.CauseAlarm, alarms: "prod-orders-rollback-latency-b"},
		"stopped-by-hand":                {want: service, outcome: deploy.OutcomeStopped, cause: deploy.CausePerson},
		"superseded":                     {want: service, outcome: deploy.OutcomeSuperseded},
		"superseded-and-stopped":         {want: service, outcome: deploy.OutcomeSuperseded},
		"stopped":                        {want: service, outcome: deploy.OutcomeStopped},
		"successful-and-nothing-runs":    {want: service, outcome: deploy.OutcomeFailed},
		"stopped-by-alarm-without-rollback": {
			want: service, outcome: deploy.OutcomeFailed, cause: deploy.CauseAlarm, alarms: "prod-orders-rollback-5xx-b,prod-orders-rollback-elb-5xx",
		},
		"timed-out":                     {want: service, outcome: deploy.OutcomeTimedOut},
		"successful-and-another-serves": {want: service, outcome: deploy.OutcomeFailed, alone: true},
		"successful-and-unwatched":      {want: service, outcome: deploy.OutcomeServing, alone: true},
		"successful-without-alarms":     {want: service, outcome: deploy.OutcomeServing, alone: true},
		"nothing-begins":                {want: service, outcome: deploy.OutcomeFailed},
		"serves-already":                {want: service, outcome: deploy.OutcomeServing},
		"begins-late":                   {want: service, outcome: deploy.OutcomeRolledBack, cause: deploy.CauseCircuitBreaker},
		"throttled":                     {want: service, outcome: deploy.OutcomeServing},
		"throttled-for-long":            {want: service, fails: "ThrottlingException"},
		"access-denied":                 {want: service, fails: "the permission ecs:DescribeServiceDeployments is missing"},
		"credentials-expired":           {want: service, fails: "must last longer than the timeout"},
		"no-service":                    {want: service, fails: "no service prod-orders-intake in the cluster prod-orders"},
		"by-version":                    {want: deploy.Want{Version: "4f2a1c9d0e8b7a6f5e4d3c2b1a0f9e8d7c6b5a49"}, outcome: deploy.OutcomeServing},

		"consumer-canary-succeeds":              {want: consumer, outcome: deploy.OutcomeServing},
		"consumer-rolled-back":                  {want: consumer, outcome: deploy.OutcomeRolledBack, cause: deploy.CauseAlarm, alarms: "prod-orders-rollback-ledger-items"},
		"consumer-stopped":                      {want: consumer, outcome: deploy.OutcomeStopped, cause: deploy.CausePerson},
		"consumer-not-taken-back":               {want: consumer, outcome: deploy.OutcomeFailed, cause: deploy.CauseAlarm, alarms: "prod-orders-rollback-ledger-items"},
		"consumer-succeeded-and-another-serves": {want: consumer, outcome: deploy.OutcomeFailed},
		"consumer-by-hand-rolled-back":          {want: consumer, outcome: deploy.OutcomeRolledBack, cause: deploy.CauseOther, alarms: "prod-orders-rollback-ledger-errors"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, name)
			component := "intake"
			if test.want.FunctionVersion != "" {
				component = "ledger"
			}
			r, err := deploy.Verdict(t.Context(), b.Config, component, test.want)
			if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Fatalf("error %v, want one with %q", err, test.fails)
			}
			if err == nil && (r.Outcome != test.outcome || r.Cause != test.cause || strings.Join(r.AlarmNames(), ",") != test.alarms) {
				t.Errorf("%s by %q, alarms %q; want %s by %q, alarms %q", r.Outcome, r.Cause, r.AlarmNames(), test.outcome, test.cause, test.alarms)
			}
			if err == nil && r.Unwatched != test.alone {
				t.Errorf("unwatched: %t, want %t", r.Unwatched, test.alone)
			}
			b.golden(t, name, r, err)
		})
	}
}

// A deployment from before the deploy began is none of its own, though it is of
// what is requested.
func TestVerdict_Since_OlderDeploymentsDoNotCount(t *testing.T) {
	b := setup(t, "rolled-back-by-circuit-breaker")
	b.Since = began.Add(-30 * time.Second)
	if _, err := deploy.Verdict(t.Context(), b.Config, "intake", deploy.Want{TaskDefinition: requested}); err != nil {
		t.Fatal(err)
	}
	// AWS applies the filter: the request must have it.
	if calls := b.aws.Calls(); !strings.Contains(calls[0], `"createdAt":{"after":1774432770}`) {
		t.Errorf("the first call is %s", calls[0])
	}
}

func TestVerdict_Progress_ALineAMinute(t *testing.T) {
	b := setup(t, "timed-out")
	b.Poll, b.Timeout = 10*time.Second, 3*time.Minute
	if _, err := deploy.Verdict(t.Context(), b.Config, "intake", deploy.Want{TaskDefinition: requested}); err != nil {
		t.Fatal(err)
	}
	// The minutes that are left change a poll after the start, and then every minute.
	if lines := strings.Count(b.progress.String(), "\n"); lines != 4 {
		t.Errorf("%d lines, want 4:\n%s", lines, b.progress.String())
	}
}

func TestVerdict_Cancelled_EndsAtOnce(t *testing.T) {
	b := setup(t, "timed-out")
	ctx, cancel := context.WithCancel(t.Context())
	c := b.WithSleep(func(context.Context, time.Duration) error {
		cancel()
		return ctx.Err()
	})
	if _, err := deploy.Verdict(ctx, c, "intake", deploy.Want{TaskDefinition: requested}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}
