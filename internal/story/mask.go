package story

import (
	"encoding/json"
	"regexp"

	"github.com/tracehaul/tracehaul/internal/trace"
)

const masked = "***"

var (
	secretName = regexp.MustCompile(`(?i)(authorization|cookie|password|passwd|secret|credential|api[-_.]?key|access[-_.]?key|(^|[-_.])token|jwt)`)
	secrets    = []struct {
		form *regexp.Regexp
		with string
	}{
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=_~.-]{8,}`), "$1 " + masked},
		{regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`), masked}, // a JSON Web Token
		{regexp.MustCompile(`(?i)([?&;][^=&\s"]*(?:token|key|secret|sig|signature|password|code|credential)[^=&\s"]*=)[^&\s"]+`), "$1" + masked},
		{regexp.MustCompile(`(?i)\b((?:password|passwd|pwd|secret|token)=)[^\s&"]+`), "$1" + masked},
		{regexp.MustCompile(`(?i)("[^"]*(?:password|secret|token|authorization|cookie|api[-_]?key)[^"]*"\s*:\s*")(?:[^"\\]|\\.)*`), "$1" + masked},
		{regexp.MustCompile(`(\w+://[^:/@\s"]*):[^@/\s"]+@`), "$1:" + masked + "@"},
	}
)

// mask hides what looks like a credential in a text from outside.
func mask(s string) string {
	for _, secret := range secrets {
		s = secret.form.ReplaceAllString(s, secret.with)
	}
	return s
}

func maskAttributes(attributes map[string]any) map[string]any {
	out := make(map[string]any, len(attributes))
	for name, v := range attributes {
		out[name] = maskValue(v)
		if secretName.MatchString(name) {
			out[name] = masked
		}
	}
	return out
}

func maskValue(v any) any {
	switch v := v.(type) {
	case string:
		return mask(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = maskValue(v[i])
		}
		return list
	case []string:
		list := make([]string, len(v))
		for i := range v {
			list[i] = mask(v[i])
		}
		return list
	case map[string]any:
		return maskAttributes(v)
	}
	return v
}

// maskSpan returns a copy: spans are shared with who keeps them.
func maskSpan(s trace.Span) trace.Span {
	s.Name, s.StatusText, s.Attributes = mask(s.Name), mask(s.StatusText), maskAttributes(s.Attributes)
	events := make([]trace.Event, len(s.Events))
	for i, e := range s.Events {
		e.Attributes = maskAttributes(e.Attributes)
		events[i] = e
	}
	s.Events = events
	return s
}

func (f *Found) mask() {
	for i := range f.Spans {
		f.Spans[i] = maskSpan(f.Spans[i])
	}
	for i := range f.Logs {
		f.Logs[i].Text, f.Logs[i].Attributes = mask(f.Logs[i].Text), maskAttributes(f.Logs[i].Attributes)
	}
	for i := range f.Messages {
		f.Messages[i].Body, f.Messages[i].Problem = mask(f.Messages[i].Body), mask(f.Messages[i].Problem)
	}
	for _, row := range f.Rows {
		for i, c := range row {
			// Not of ids: what they are is compared.
			switch v := c.Value.(type) {
			case json.RawMessage:
				row[i].Value = json.RawMessage(mask(string(v)))
			case string:
				if c.Name == "subject" {
					row[i].Value = mask(v)
				}
			}
		}
	}
	for i := range f.AccessLog {
		f.AccessLog[i] = mask(f.AccessLog[i])
	}
}
