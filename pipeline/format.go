package pipeline

import (
	"fmt"
	"net/netip"
	"regexp"
	"time"
	_ "time/tzdata" // so that a time zone is known or not on every machine alike
)

// format is a form that texts have: a pattern, which the JSON Schema states as
// well, and what a pattern cannot say.
type format struct {
	pattern string
	want    string              // completes "must be ..."
	more    func(string) string // says what is wrong beyond the pattern
	re      *regexp.Regexp
}

func (f *format) check(s string) string {
	if !f.re.MatchString(s) {
		return fmt.Sprintf("%q must be %s", shorten(s), f.want)
	}
	if f.more != nil {
		return f.more(s)
	}
	return ""
}

var formats = compileFormats(map[string]*format{
	"name": {
		pattern: `^[a-z][a-z0-9]*(-[a-z0-9]+)*$`,
		want:    "lower-case letters, digits and single hyphens, beginning with a letter",
	},
	"region": {
		pattern: `^[a-z]{2}(-[a-z]+)+-[0-9]$`,
		want:    "an AWS region such as eu-central-1",
	},
	"account": {
		pattern: `^[0-9]{12}$`,
		want:    "an AWS account id, 12 digits in quotes",
	},
	"url": {
		pattern: `^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%+@-]+)*$`,
		want:    "an http or https address without a slash at its end, a query or a password",
	},
	// RFC 3986, 2: the characters of a URI-reference. CloudEvents demands one.
	"source": {
		pattern: `^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$`,
		want:    "a URI-reference such as /orders/intake",
	},
	"domain": {
		pattern: `^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`,
		want:    "a host name such as orders.example.com, in lower case",
	},
	// "Quotas and constraints for Amazon Aurora": a database name begins with
	// a letter. PostgreSQL has 63 bytes for any identifier.
	"identifier": {
		pattern: `^[a-z][a-z0-9_]{0,62}$`,
		want:    "lower-case letters, digits and underscores, beginning with a letter, 63 at most",
	},
	"version": {
		pattern: `^[0-9]+(\.[0-9]+)*$`,
		want:    "a version such as \"17.5\", in quotes",
	},
	// "VPC CIDR blocks": between /16 and /28. Beyond /22 the subnets of up to
	// six zones get too small for endpoints and functions.
	"cidr": {
		pattern: `^[0-9]{1,3}(\.[0-9]{1,3}){3}/(1[6-9]|2[0-2])$`,
		want:    "an IPv4 range from /16 to /22, such as 10.20.0.0/16",
		more:    checkCIDR,
	},
	"time_zone": {
		pattern: `^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`,
		want:    "a time zone such as Europe/Berlin",
		more:    checkTimeZone,
	},
	"clock": {
		pattern: `^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`,
		want:    "a time of day such as \"09:00\", in quotes",
	},
	"date": {
		pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`,
		want:    "a day such as \"2026-12-25\"",
		more:    checkDate,
	},
	"channel": {
		pattern: `^#[a-z0-9_-]{1,79}$`,
		want:    "a Slack channel such as \"#orders-alerts\", in quotes",
	},
	// API reference of Secrets Manager, CreateSecret, Name.
	"secret": {
		pattern: `^[A-Za-z0-9/_+=.@-]{1,512}$`,
		want:    "the name of a secret: letters, digits and /_+=.@-",
	},
	// What Amazon SNS takes as an endpoint of the protocol email, and no more.
	"email": {
		pattern: `^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$`,
		want:    "an e-mail address such as orders-watchdog@example.com",
	},
	"uid": {
		pattern: `^[A-Za-z0-9_-]{1,40}$`,
		want:    "a uid of Grafana: up to 40 letters, digits, hyphens and underscores",
	},
	// "Best practices and strategies" of tagging: 128 characters, no aws:.
	"tag_key": {
		pattern: `^[A-Za-z0-9 _.:/=+@-]{1,128}$`,
		want:    "the key of a tag: up to 128 letters, digits, blanks and _.:/=+@-",
		more:    checkTagKey,
	},
	"tag_value": {
		pattern: `^[A-Za-z0-9 _.:/=+@-]{1,256}$`,
		want:    "the value of a tag: up to 256 letters, digits, blanks and _.:/=+@-",
	},
})

func compileFormats(formats map[string]*format) map[string]*format {
	for _, f := range formats {
		f.re = regexp.MustCompile(f.pattern)
	}
	return formats
}

func checkCIDR(s string) string {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Sprintf("%q is not an IPv4 range", s)
	}
	if prefix.Masked() != prefix {
		return fmt.Sprintf("%q has bits behind its prefix; %s is meant", s, prefix.Masked())
	}
	if !prefix.Addr().IsPrivate() {
		return fmt.Sprintf("%q is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)", s)
	}
	return ""
}

func checkTimeZone(s string) string {
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return fmt.Sprintf("%q is not a time zone of the IANA database", shorten(s))
	}
	return ""
}

func checkDate(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return fmt.Sprintf("%q is no day of the calendar", s)
	}
	return ""
}

// reservedTags are set by the pipeline itself.
var reservedTags = map[string]struct{}{"product": {}, "environment": {}, "owner": {}}

func checkTagKey(s string) string {
	if _, ok := reservedTags[s]; ok {
		return fmt.Sprintf("the tag %q is set already", s)
	}
	if len(s) >= 4 && (s[0]|0x20 == 'a' && s[1]|0x20 == 'w' && s[2]|0x20 == 's' && s[3] == ':') {
		return fmt.Sprintf("%q: the prefix aws: is kept for AWS", s)
	}
	return ""
}
