package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// secretAge is for how long a secret is not read again.
const secretAge = 5 * time.Minute

// secretTimeout bounds one reading of a secret.
const secretTimeout = 5 * time.Second

// secrets reads secrets and keeps them for a while. It formats no value, ever.
type secrets struct {
	client *secretsmanager.Client
	now    func() time.Time

	mu   sync.Mutex // held while one is read: nobody reads it twice
	kept map[string]keptSecret
}

type keptSecret struct {
	value string
	read  time.Time
}

// get returns a secret by its name. refused is a value that was refused and is
// not wanted again, unless it still is the secret.
func (s *secrets) get(ctx context.Context, name, refused string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.kept[name]
	if known && old.value != refused && s.now().Sub(old.read) < secretAge {
		return old.value, nil
	}
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil && known {
		return old.value, nil // one that may be out of date is better than none
	}
	if err != nil {
		return "", fmt.Errorf("read secret %q: %w", name, err)
	}
	value := strings.TrimSpace(aws.ToString(out.SecretString))
	if s.kept == nil {
		s.kept = map[string]keptSecret{}
	}
	s.kept[name] = keptSecret{value, s.now()}
	return value, nil
}

// credential is what opens a destination.
type credential struct {
	value string // the whole secret
	token string // bot token, routing key or API token
	url   string // of incident.io
}

// secretForms says what a secret of a kind of destination may be: plain, or
// JSON with these keys.
var secretForms = map[string]struct {
	token   string // key of the token
	withURL bool   // and there must be a "url", so that it cannot be plain
	want    string
}{
	"slack":      {token: "token", want: `a bot token, or JSON {"token": ...}`},
	"pagerduty":  {token: "routing_key", want: `a routing key, or JSON {"routing_key": ...}`},
	"incidentio": {token: "token", withURL: true, want: `JSON {"url": "https://...", "token": ...}`},
}

// credential returns the secret of a destination. The error quotes nothing of
// it; if it is that the secret has the wrong form, the credential has its value
// all the same, to be refused.
func (s *secrets) credential(ctx context.Context, kind, name, refused string) (credential, error) {
	value, err := s.get(ctx, name, refused)
	if err != nil {
		return credential{}, err
	}
	form := secretForms[kind]
	c := credential{value: value, token: value}
	if strings.HasPrefix(value, "{") || form.withURL {
		var fields map[string]any
		_ = json.Unmarshal([]byte(value), &fields) // its errors quote what they read
		c.token, _ = fields[form.token].(string)
		c.url, _ = fields["url"].(string)
	}
	if c.token == "" || strings.ContainsAny(c.token, " \t\r\n") || form.withURL && !isAddress(c.url) {
		return credential{value: value}, &deliveryError{code: "bad_secret", auth: true, text: fmt.Sprintf("secret %q: want %s", name, form.want)}
	}
	return c, nil
}

// redact takes the secrets out of a text that came back from a destination.
func (c credential) redact(s string) string {
	for _, secret := range []string{c.value, c.token, c.url} {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
	}
	return s
}
