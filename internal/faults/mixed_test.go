//go:build unix

package main

import (
	"strings"
	"testing"
	"time"
)

// Whatever a row has wrong of what an event says of itself, and of its way, is
// found.
func TestDiffers_AnyColumnWrong_IsFound(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	said := about{Type: "t", Subject: "s", ContentType: "application/json", Schema: "https://example.com", Time: at, Extensions: `{"tenant": "a"}`}
	good := row{about: said, isJSON: true, receiveCount: 1, albRoot: "1-65536000-a", sqsID: "m", writtenAt: at}
	for name, test := range map[string]struct {
		change func(*row, *entry)
		want   string
	}{
		"nothing":      {func(*row, *entry) {}, ""},
		"type":         {func(r *row, _ *entry) { r.about.Type = "u" }, "says of itself"},
		"subject":      {func(r *row, _ *entry) { r.about.Subject = "" }, "says of itself"},
		"content type": {func(r *row, _ *entry) { r.about.ContentType = "" }, "says of itself"},
		"schema":       {func(r *row, _ *entry) { r.about.Schema = "" }, "says of itself"},
		"extensions":   {func(r *row, _ *entry) { r.about.Extensions = "" }, "says of itself"},
		"time":         {func(r *row, _ *entry) { r.about.Time = at.Add(time.Microsecond) }, "its time is"},
		"kind of data": {func(r *row, _ *entry) { r.isJSON = false }, "stored as JSON"},
		"never came":   {func(r *row, _ *entry) { r.receiveCount = 0 }, "received 0 times"},
		"no message":   {func(r *row, _ *entry) { r.sqsID = "" }, `message ""`},
		"no Root":      {func(r *row, _ *entry) { r.albRoot = "" }, "want one"},
		"another Root": {func(_ *row, e *entry) { e.root = "1-65536000-b" }, "want 1-65536000-b"},
		"plain JSON": {func(r *row, e *entry) {
			e.key.Source, r.about.Time, r.writtenAt = "/service", at, at.Add(-time.Second)
		}, "its time is"},
	} {
		t.Run(name, func(t *testing.T) {
			r, e := good, &entry{key: key{eventSource, "1"}, about: &said}
			test.change(&r, e)
			if got := e.differs(r); test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("it says %q, want %q", got, test.want)
			}
		})
	}
}
