package alarms

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What encoding/json reads back is what was written.
func TestAppendText_AnyText_IsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\"\\\n\r\t\x00\x1f\x7f${}%é€𝄞")))).Draw(t, "text")
		var got string
		if err := json.Unmarshal(appendText(nil, s), &got); err != nil || got != s {
			t.Fatalf("%q was written as %s and read as %q, %v", s, appendText(nil, s), got, err)
		}
	})
}

func TestAppendText_NoUTF8_IsReplaced(t *testing.T) {
	var got string
	if err := json.Unmarshal(appendText(nil, "a\xffb\xc3"), &got); err != nil || got != strings.ToValidUTF8("a\xffb\xc3", "\ufffd") {
		t.Errorf("read as %q, %v", got, err)
	}
}
