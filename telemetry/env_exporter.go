package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// exporter reads where one signal goes.
func (s *settings) exporter(signal Signal) ExporterConfig {
	c := ExporterConfig{Kind: s.exporterKind("OTEL_" + upper(signal) + "_EXPORTER")}
	if c.Kind == ExporterConsole || c.Kind == ExporterNone {
		return c
	}
	c.Protocol = s.protocol(signal)
	c.Endpoint = s.endpoint(signal, c.Protocol)
	c.Headers = s.headers(signal)
	c.Gzip = s.gzip(signal)
	c.TLS = s.tls(signal)
	name, _ := s.forSignal(signal, "TIMEOUT")
	s.milliseconds(&c.Timeout, name)
	return c
}

func upper(signal Signal) string { return strings.ToUpper(string(signal)) }

// forSignal returns the variable of one signal if it is set, else the one of
// all signals.
func (s *settings) forSignal(signal Signal, option string) (name, value string) {
	name = "OTEL_EXPORTER_OTLP_" + upper(signal) + "_" + option
	if value = s.get(name); value != "" {
		return name, value
	}
	name = "OTEL_EXPORTER_OTLP_" + option
	return name, s.get(name)
}

func (s *settings) exporterKind(name string) ExporterKind {
	switch value := ExporterKind(s.lower(name)); value {
	case "", ExporterOTLP, ExporterConsole, ExporterNone:
		return value
	default:
		s.bad(name, string(value), "otlp, console or none")
		return ExporterNone
	}
}

func (s *settings) protocol(signal Signal) Protocol {
	name, value := s.forSignal(signal, "PROTOCOL")
	switch p := Protocol(strings.ToLower(value)); p {
	case "", ProtocolHTTP, ProtocolGRPC:
		return p
	default:
		s.bad(name, value, "http/protobuf or grpc")
		return ""
	}
}

// endpoint makes the URL of one signal: over HTTP, the endpoint of all signals
// is a base to which the signal's path is added, while the endpoint of one
// signal is taken as it is.
func (s *settings) endpoint(signal Signal, p Protocol) string {
	name, value := s.forSignal(signal, "ENDPOINT")
	if value == "" {
		return ""
	}
	text := value
	if p == ProtocolGRPC && !strings.Contains(value, "://") {
		if s.insecure(signal) {
			text = "http://" + value
		} else {
			text = "https://" + value
		}
	}
	u, err := parseEndpoint(text, p)
	if err != nil {
		s.bad(name, withoutSecrets(value), err.Error())
		return ""
	}
	if p != ProtocolGRPC && name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1", string(signal))
	}
	return u.String()
}

// parseEndpoint's error says what is wanted instead.
func parseEndpoint(text string, p Protocol) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("a URL such as http://localhost:4318 or https://collector.example.com")
	}
	if p == ProtocolGRPC && strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("a URL without a path, as the protocol is grpc")
	}
	return u, nil
}

// withoutSecrets cuts the parts of a URL that may hold a key.
func withoutSecrets(text string) string {
	text, _, _ = strings.Cut(text, "?")
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "..." + rest[at:]
	}
	return scheme + rest
}

func (s *settings) insecure(signal Signal) bool {
	name, _ := s.forSignal(signal, "INSECURE")
	return s.boolean(name)
}

func (s *settings) headers(signal Signal) map[string]string {
	name, value := s.forSignal(signal, "HEADERS")
	if value == "" {
		return nil
	}
	pairs, err := parsePairs(value)
	if err != nil {
		s.badSecret(name, err.Error(), "key=value,key=value with percent-encoded values")
	}
	headers := map[string]string{}
	for _, p := range pairs {
		if !validHeader(p.key, p.value) {
			s.badSecret(name, fmt.Sprintf("%q cannot be a header", p.key), "names and values that HTTP allows")
			continue
		}
		headers[p.key] = p.value
	}
	return headers
}

// validHeader reports whether HTTP allows the header: see RFC 9110, "Field
// Names" and "Field Values".
func validHeader(name, value string) bool {
	token := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return strings.TrimFunc(name, token) == "" && !strings.ContainsFunc(value, control)
}

func (s *settings) gzip(signal Signal) bool {
	name, value := s.forSignal(signal, "COMPRESSION")
	switch strings.ToLower(value) {
	case "gzip":
		return true
	case "", "none":
	default:
		s.bad(name, value, "gzip or none")
	}
	return false
}

// tls reads certificates, or returns nil when none are configured.
func (s *settings) tls(signal Signal) *tls.Config {
	caName, ca := s.forSignal(signal, "CERTIFICATE")
	certName, cert := s.forSignal(signal, "CLIENT_CERTIFICATE")
	keyName, key := s.forSignal(signal, "CLIENT_KEY")
	if ca == "" && cert == "" && key == "" {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		config.RootCAs = x509.NewCertPool()
		pem, err := os.ReadFile(ca)
		if err == nil && !config.RootCAs.AppendCertsFromPEM(pem) {
			err = errors.New("no certificate in it")
		}
		if err != nil {
			s.bad(caName, ca, "a file of PEM certificates: "+reason(err))
		}
	}
	switch {
	case cert == "" && key == "":
	case cert == "":
		s.bad(keyName, key, certName+" as well")
	case key == "":
		s.bad(certName, cert, keyName+" as well")
	default:
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			s.bad(certName, cert, "a PEM certificate that goes with "+keyName+": "+reason(err))
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

// reason is an error without the path, which is named already.
func reason(err error) string {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
