package story

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/internal/trace"
)

const masked = "***"

// Names of what is secret, in texts and as attributes: alone, at the end of a
// longer name (client_secret, sessionToken), or before a word such as key. A
// name such as secretsmanager or input_tokens is none.
const (
	secretWord = `(?:authorization|cookie|password|passwd|passphrase|pwd|secret|credentials?|token|jwt|(?:api|access|private|routing)[-_.]?key)(?:[-_.]?(?:key|value|string|hash))?`
	anyValue   = `(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\\+"[^"]*"?|[^\s&"]+)`
	// of JSON in JSON: what is escaped within it has three backslashes.
	escapedValue = `(?:\\"(?:[^"\\]|\\\\\\?[^\\]|\\\\\\\\)*|\\{3,}"[^"]*)`
)

var (
	secretName = regexp.MustCompile(`(?i)(authorization|cookie|password|passwd|passphrase|secret|credential|(api|access|private|routing)[-_.]?key|token($|[-_.])|(^|[-_.])pwd($|[-_.])|jwt)`)
	secrets    = []struct {
		form *regexp.Regexp
		with string
	}{
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=_~.-]{8,}`), "$1 " + masked},
		{regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`), masked}, // a JSON Web Token
		{regexp.MustCompile(`(?i)([?&;][^=&\s"]*(?:token|key|secret|sig|signature|password|code|credential)[^=&\s"]*=)[^&\s"]+`), "$1" + masked},
		// Headers in a text: what follows may be of several words.
		{regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie):(?:="[^"]*"|[^\r\n"])*`), "$1: " + masked},
		// name=value and name: value.
		{regexp.MustCompile(`(?i)(` + secretWord + `=[ \t]*)` + anyValue), "${1}" + masked},
		{regexp.MustCompile(`(?i)((?:^|[^:\w.-])[\w.-]*?` + secretWord + `[ \t]*[:=][ \t]*)` + anyValue), "${1}" + masked}, // not in an ARN: ":secret:name"
		// Members of JSON, which stays JSON; and of JSON in a text in JSON.
		{regexp.MustCompile(`(?i)("[^"\\]*` + secretWord + `"\s*:\s*")(?:[^"\\]|\\.)*`), "${1}" + masked},
		{regexp.MustCompile(`(?i)("[^"\\]*` + secretWord + `"\s*:\s*)(?:[-\w.]+|\[[^\]]*\]?|\{[^}]*\}?)`), `${1}"` + masked + `"`},
		{regexp.MustCompile(`(?i)(\\+"[^"\\]*` + secretWord + `\\+"\s*:\s*)` + escapedValue), `${1}\"` + masked},
		{regexp.MustCompile(`(\w+://[^:/@\s"]*):[^/\s"]+@`), "$1:" + masked + "@"},
	}
)

// mask hides what looks like a credential in a text from outside.
func mask(s string) string {
	if hidden, ok := maskJSON(s); ok {
		return hidden
	}
	for _, secret := range secrets {
		s = secret.form.ReplaceAllString(s, secret.with)
	}
	return s
}

// MaskNamed is a value from outside as it may be shown: whole, unless its name or
// what it looks like is a credential's.
func MaskNamed(name, value string) string {
	if secretName.MatchString(name) {
		return masked
	}
	return mask(value)
}

// maskJSON masks a text that is an object or a list in JSON as a whole, by what
// it holds. Where there is nothing to hide the text stays as it was written.
func maskJSON(s string) (hidden string, ok bool) {
	if start := strings.TrimLeft(s, " \t\r\n"); start == "" || start[0] != '{' && start[0] != '[' || !json.Valid([]byte(s)) {
		return s, false
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return s, false
	}
	before, after := encode(v), encode(maskValue(v))
	if before == nil || after == nil {
		return s, false
	}
	if bytes.Equal(before, after) {
		return s, true
	}
	return string(after), true
}

// encode is nil for what is no JSON.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

func maskAttributes(attributes map[string]any) map[string]any {
	if attributes == nil {
		return nil
	}
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
	s.Name, s.StatusText = mask(s.Name), mask(s.StatusText)
	s.Attributes, s.Resource = maskAttributes(s.Attributes), maskAttributes(s.Resource)
	s.Events = slices.Clone(s.Events)
	for i := range s.Events {
		s.Events[i].Name, s.Events[i].Attributes = mask(s.Events[i].Name), maskAttributes(s.Events[i].Attributes)
	}
	s.Links = slices.Clone(s.Links)
	for i := range s.Links {
		s.Links[i].Attributes = maskAttributes(s.Links[i].Attributes)
	}
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
		m := &f.Messages[i]
		m.Body, m.Problem, m.EventSubject = mask(m.Body), mask(m.Problem), mask(m.EventSubject)
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
	for i := range f.Notes {
		f.Notes[i] = mask(f.Notes[i])
	}
	for i := range f.Cut {
		f.Cut[i] = mask(f.Cut[i])
	}
}
