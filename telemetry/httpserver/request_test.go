package httpserver

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestForwardedFor_Headers_AddressOfTheOutermostTrustedProxy(t *testing.T) {
	cases := map[string]struct {
		lines   []string
		proxies int
		want    string // empty: none
	}{
		"One":                  {[]string{"203.0.113.9"}, 1, "203.0.113.9"},
		"LastOfMany":           {[]string{"198.51.100.66, 198.51.100.67,203.0.113.9"}, 1, "203.0.113.9"},
		"SecondFromTheEnd":     {[]string{"198.51.100.66, 203.0.113.9, 203.0.113.10"}, 2, "203.0.113.9"},
		"AcrossLines":          {[]string{"198.51.100.66, 203.0.113.9", "203.0.113.10"}, 2, "203.0.113.9"},
		"WithPort":             {[]string{"203.0.113.9:53122"}, 1, "203.0.113.9"},
		"IPv6":                 {[]string{"2001:db8::7"}, 1, "2001:db8::7"},
		"IPv6WithPort":         {[]string{"[2001:db8::7]:53122"}, 1, "2001:db8::7"},
		"FewerThanTrusted":     {[]string{"203.0.113.9"}, 2, ""},
		"NotAnAddress":         {[]string{"203.0.113.9, unknown"}, 1, ""},
		"Empty":                {[]string{""}, 1, ""},
		"NoHeader":             {nil, 1, ""},
		"EmptyAtTheEnd":        {[]string{"203.0.113.9,"}, 1, ""},
		"SpacesAndTabs":        {[]string{"203.0.113.8,\t 203.0.113.9 \t"}, 1, "203.0.113.9"},
		"ManyMoreThanTrusted":  {[]string{strings.Repeat("1.1.1.1,", 5000) + "203.0.113.9"}, 1, "203.0.113.9"},
		"HostNameIsNoAddress":  {[]string{"evil.example.com:80"}, 1, ""},
		"FewerAcrossManyLines": {[]string{"a", "b"}, 3, ""},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			if got, ok := forwardedFor(tt.lines, tt.proxies); ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("got %q %v, want %q", got, ok, tt.want)
			}
		})
	}
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("198.51.100.66, 203.0.113.9:53122", "[2001:db8::7]:1", 2)
	f.Add("unknown", "", 1)
	f.Fuzz(func(t *testing.T, line1, line2 string, proxies int) {
		got, ok := forwardedFor([]string{line1, line2}, proxies)
		if !ok {
			return
		}
		if _, err := netip.ParseAddr(got); err != nil {
			t.Errorf("%q is no address", got)
		}
		if proxies == 1 && !strings.Contains(line2, got) {
			t.Errorf("%q is not from the last line", got)
		}
	})
}

func FuzzSplitHost(f *testing.F) {
	for _, s := range []string{"pay.example.com", "pay.example.com:8080", "[2001:db8::1]:80", "2001:db8::1", ":80", "[", "[]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port := splitHost(s)
		if wantHost, wantPort, err := net.SplitHostPort(s); err == nil && (host != wantHost || port != wantPort) {
			t.Errorf("split %q into %q and %q, net says %q and %q", s, host, port, wantHost, wantPort)
		}
		if got := text(s); !utf8.ValidString(got) || len(got) > 3*maxText {
			t.Errorf("text of %q is not fit: %q", s, got)
		}
	})
}

func TestOutcomes_ManyRoutes_Bounded(t *testing.T) {
	o := newOutcomes()
	for status := range 2 * maxOutcomes {
		if got := o.get(outcomeKey{method: "GET", status: status}); got.name != "GET" {
			t.Fatalf("name is %q", got.name)
		}
	}
	if kept := len(*o.seen.Load()); kept != maxOutcomes {
		t.Errorf("%d outcomes are kept, want %d", kept, maxOutcomes)
	}
}
