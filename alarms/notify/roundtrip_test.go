package notify_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
)

// What package alarms writes into a description is what a message is made of.
func TestParseDescription_WhatAlarmsWrite_IsReadBack(t *testing.T) {
	all, err := pipeline.LoadAll("../../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		set, err := alarms.For(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range set.Alarms() {
			want := notify.Description{
				Meaning: a.Meaning, Title: a.Title, Severity: a.Severity, Owner: a.Owner, Hop: string(a.Hop),
				Runbook: alarms.RunbookURL(p, a.Runbook), Dashboard: p.DashboardURL(a.Board), LogGroup: a.Logs.Group, Query: a.Logs.Text,
			}
			for _, s := range a.Next {
				if s.Language == snippet.Shell && !strings.Contains(s.Text, "TRACE_ID") {
					want.Next = s.Text
					break
				}
			}
			if a.Metric != nil {
				want.Condition = a.Condition()
			}
			if diff := cmp.Diff(want, notify.ParseDescription(a.Description)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", a.Name, diff)
			}
		}
	}
}
