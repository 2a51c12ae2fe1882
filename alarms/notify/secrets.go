package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const (
	secretAge     = 5 * time.Minute  // for how long a secret is not read again
	secretStale   = 30 * time.Second // for how long an older one is used when it cannot be read
	secretTimeout = 5 * time.Second  // one reading
)

// secrets reads secrets and keeps them for a while. It formats no value, ever.
type secrets struct {
	client *secretsmanager.Client
	now    func() time.Time
	pause  time.Duration // before a second attempt

	mu   sync.Mutex
	kept map[string]*keptSecret
}

// keptSecret is locked while it is read: nobody reads it twice, and nobody waits
// for another one.
type keptSecret struct {
	mu    sync.Mutex
	value string
	until time.Time // when to read it again
}

// get returns a secret by its name. refused is a value that was refused and is
// not wanted again, unless it still is the secret.
func (s *secrets) get(ctx context.Context, name, refused string) (string, error) {
	k := s.keep(name)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.value != "" && k.value != refused && s.now().Before(k.until) {
		return k.value, nil
	}
	err := retry(ctx, s.pause, func(ctx context.Context) error {
		value, err := s.read(ctx, name)
		if err == nil {
			k.value, k.until = value, s.now().Add(secretAge)
			return nil
		}
		if k.value != "" { // one that may be out of date is better than none
			k.until = s.now().Add(secretStale)
			return nil
		}
		return err
	})
	return k.value, err
}

func (s *secrets) keep(name string) *keptSecret {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[string]*keptSecret{}
	}
	if s.kept[name] == nil {
		s.kept[name] = &keptSecret{}
	}
	return s.kept[name]
}

// read reads a secret once. (The client itself tries again, too, within the
// time.)
func (s *secrets) read(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		passes := errors.Is(err, context.DeadlineExceeded) || awsretry.NewStandard().IsErrorRetryable(err)
		return "", &deliveryError{code: "secret_unread", text: fmt.Sprintf("read secret %q: %v", name, err), temporary: passes}
	}
	return strings.TrimSpace(aws.ToString(out.SecretString)), nil
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
