package event

import (
	"strings"
	"testing"
	"time"
)

func TestParseTime_RFC3339_AndNothingElse(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	good := map[string]time.Time{
		"2018-04-05T17:31:00Z":                      time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC),
		"2018-04-05t17:31:00z":                      time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC),
		"2018-04-05T17:31:00.5+01:00":               time.Date(2018, 4, 5, 17, 31, 0, 5e8, berlin),
		"2018-04-05T17:31:00-00:00":                 time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC),
		"2018-04-05T17:31:00.123456789Z":            time.Date(2018, 4, 5, 17, 31, 0, 123456789, time.UTC),
		"2018-04-05T17:31:00.1234567899999999Z":     time.Date(2018, 4, 5, 17, 31, 0, 123456789, time.UTC),
		"2016-12-31T23:59:60Z":                      time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC),
		"2017-01-01T00:59:60.5+01:00":               time.Date(2017, 1, 1, 1, 0, 0, 5e8, berlin),
		"2024-02-29T00:00:00Z":                      time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"0000-01-01T00:00:00Z":                      time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59.999999999-23:59":       time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("", -(23*60+59)*60)),
		"2018-04-05T17:31:00" + ".0000000000" + "Z": time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC),
	}
	for text, want := range good {
		if got, ok := parseTime([]byte(text)); !ok || !got.Equal(want) || got.Format(time.RFC3339Nano) != want.Format(time.RFC3339Nano) {
			t.Errorf("%s: %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "Z", "2018-04-05", "17:31:00Z", "2018-04-05T17:31:00", "2018-04-05 17:31:00Z", "2018-04-05T17:31Z",
		"2018-4-05T17:31:00Z", "2018-04-05T7:31:00Z", "18-04-05T17:31:00Z", "+2018-04-05T17:31:00Z",
		"2018-13-05T17:31:00Z", "2018-00-05T17:31:00Z", "2018-04-31T17:31:00Z", "2018-04-00T17:31:00Z", "2023-02-29T00:00:00Z",
		"2018-04-05T24:00:00Z", "2018-04-05T17:60:00Z", "2018-04-05T17:31:60Z", "2018-04-05T17:31:61Z", "2016-12-31T23:59:60+01:00",
		"2018-04-05T17:31:00.Z", "2018-04-05T17:31:00,5Z", "2018-04-05T17:31:00.5", "2018-04-05T17:31:00.5ZZ",
		"2018-04-05T17:31:00+1:00", "2018-04-05T17:31:00+0100", "2018-04-05T17:31:00+24:00", "2018-04-05T17:31:00+01:60",
		"2018-04-05T17:31:00 01:00", "2018-04-05T17:31:00+aa:00", "2018-04-05T17:31:00UTC", "２018-04-05T17:31:00Z",
	} {
		if got, ok := parseTime([]byte(text)); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// The good ones are the examples of CloudEvents ("source") and of RFC 3986,
// 1.1.2 and 5.4.
func TestIsURIReference_RFC3986_AndNothingElse(t *testing.T) {
	for text, absolute := range map[string]bool{
		"https://github.com/cloudevents":                true,
		"mailto:cncf-wg-serverless@lists.cncf.io":       true,
		"urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66": true,
		"/cloudevents/spec/pull/123":                    false,
		"/sensors/tn-1234567/alerts":                    false,
		"1-555-123-4567":                                false,
		"ftp://ftp.is.co.za/rfc/rfc1808.txt":            true,
		"ldap://[2001:db8::7]/c=GB?objectClass?one":     true,
		"news:comp.infosystems.www.servers.unix":        true,
		"tel:+1-816-555-1212":                           true,
		"telnet://192.0.2.16:80/":                       true,
		"g;x?y#s":                                       false,
		"//g":                                           false,
		"../../g":                                       false,
		"?y":                                            false,
		"#s":                                            false,
		"./g:h":                                         false,
		"g/h:i":                                         false,
		"http://u:p@[v1.fe:x]:8080/?a=/?:@#f/?":         true,
		"http://example.com:/a%20b":                     true,
		"x:":                                            true,
		"file:///etc":                                   true,
	} {
		if !isURIReference(text) {
			t.Errorf("%q was refused", text)
		}
		if isURI(text) != absolute {
			t.Errorf("isURI(%q) is %v", text, !absolute)
		}
	}
	for _, text := range []string{
		"", "a b", "a\tb", "é", "a\x00", "<a>", `a"b`, `a\b`, "a^b", "a`b", "a{b}", "a|b",
		"%", "%1", "%zz", "a%2", "1:2", ":a", "a_b:c", "-a:b", "a#b#c", "a[b", "/a]", "?[", "#[",
		"//[::1", "//[]", "//[v]", "//[v1.]", "//[::1]x", "//[1.2.3.4]", "//[fe80::1%eth0]", "//a:b", "//a:80x", "//[x]@b", "//a@b@c",
	} {
		if isURIReference(text) {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestIsJSONMediaType_AnySuffix(t *testing.T) {
	for text, want := range map[string]bool{
		"application/json": true, "text/json": true, "application/vnd.x+json": true, "Application/JSON; charset=utf-8": true,
		"application/problem+JSON ;x=y": true,
		"application/jsonx":             false, "application/xml": false, "json": false, "text/plain; a=application/json": false, "": false,
	} {
		if got := isJSONMediaType(text); got != want {
			t.Errorf("isJSONMediaType(%q) is %v", text, got)
		}
	}
}

func TestIsText_FollowsTheTypeString(t *testing.T) {
	for _, text := range []string{"", "plain", "é", "\u00a0", "\ufffd", "\ufdcf", "\ufdf0", "😀"} {
		if !isText(text) {
			t.Errorf("%q was refused", text)
		}
	}
	for _, text := range []string{"\x00", "a\x1f", "\x7f", "\u0080", "é\u009f", "\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0010ffff", "\xff", "\xc0\x80", "\xed\xa0\x80"} {
		if isText(text) {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestUnescapeHeader_OneRound(t *testing.T) {
	for text, want := range map[string]string{
		"Euro%20%E2%82%AC%20%F0%9F%98%80": "Euro € 😀",
		"euro%e2%82%ac":                   "euro€",
		"plain":                           "plain",
		"%41":                             "A",
		"100%2525":                        "100%25",
		`"a b"`:                           "a b",
		`"a\"b\\c%20d"`:                   `a"b\c d`,
		" x ":                             "x",
		"":                                "",
	} {
		if got, ok := unescapeHeader(text); !ok || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"%", "%4", "%zz", "100%", "%C0%A0", "%ED%A0%80", "\xff", `"a`} {
		if got, ok := unescapeHeader(text); ok {
			t.Errorf("%q was read as %q", text, got)
		}
	}
}

func TestNewUUID_Version7_InOrderOfTime(t *testing.T) {
	first := newUUID()
	time.Sleep(2 * time.Millisecond)
	second := newUUID()
	for _, id := range []string{first, second} {
		if len(id) != 36 || id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) || strings.Count(id, "-") != 4 {
			t.Errorf("%s is no UUID of version 7", id)
		}
	}
	if first >= second {
		t.Errorf("%s, made before %s, sorts behind it", first, second)
	}
}
