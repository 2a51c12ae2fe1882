package pipeline

import (
	"reflect"
	"slices"
	"strings"
)

// Placeholders returns the settings whose value is an example's, such as
// "edge.domain": addresses that nobody can have (RFC 2606). The pipeline runs on a
// machine with them; it cannot be deployed, as no certificate is issued for such a
// domain and no mail arrives there.
func (p *Pipeline) Placeholders() []string {
	settings := placeholders(reflect.ValueOf(p).Elem(), "")
	return slices.DeleteFunc(settings, func(setting string) bool {
		return setting == "runbooks" && strings.HasPrefix(p.Runbooks, p.Repository+"/") // which it follows from
	})
}

func placeholders(v reflect.Value, path string) (settings []string) {
	for _, f := range fieldsOf(v.Type()) {
		value, setting := v.Field(f.index), join(path, f.key)
		switch {
		case value.Kind() == reflect.Struct:
			settings = append(settings, placeholders(value, setting)...)
		case f.format == "domain" || f.format == "url" || f.format == "email":
			if slices.ContainsFunc(texts(value), anExamples) {
				settings = append(settings, setting)
			}
		}
	}
	return settings
}

// texts are those of a setting that is one text, or a list.
func texts(v reflect.Value) []string {
	if v.Kind() == reflect.String {
		return []string{v.String()}
	}
	return v.Interface().([]string)
}

// anExamples is whether a domain, an address of mail or a URL is an example's.
func anExamples(address string) bool {
	if _, after, ok := strings.Cut(address, "://"); ok {
		address = after
	}
	address = strings.ToLower(address)
	host, path, _ := strings.Cut(address[strings.LastIndexByte(address, '@')+1:], "/")
	host, _, _ = strings.Cut(host, ":")
	if host == "github.com" && strings.HasPrefix(path, "example/") {
		return true
	}
	return slices.ContainsFunc([]string{".example.com", ".example.net", ".example.org", ".example"}, func(end string) bool {
		return strings.HasSuffix("."+host, end)
	})
}
