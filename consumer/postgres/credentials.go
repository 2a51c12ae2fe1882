package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// authenticator is asked for user and password of every new connection.
type authenticator interface {
	// retrieve returns what to connect with. An empty user leaves the
	// configured one.
	retrieve(ctx context.Context, host string, port uint16, user string) (name, password string, err error)
	// refused says that the server took neither the one nor the other.
	refused()
}

func (c Config) authenticator() authenticator {
	switch c.Auth {
	case AuthIAM:
		return iam{c.AWS}
	case AuthSecret:
		return newSecret(secretsmanager.NewFromConfig(c.AWS), c.SecretARN)
	default:
		return nil
	}
}

type iam struct{ cfg aws.Config }

func (i iam) retrieve(ctx context.Context, host string, port uint16, user string) (name, password string, err error) {
	endpoint := net.JoinHostPort(host, strconv.Itoa(int(port)))
	token, err := auth.BuildAuthToken(ctx, endpoint, i.cfg.Region, user, i.cfg.Credentials)
	if err != nil {
		return "", "", fmt.Errorf("postgres: IAM token: %w", err)
	}
	return user, token, nil
}

func (iam) refused() {}

// secretAge is for how long a secret is not read again.
const secretAge = time.Minute

// secretReader is the part of the Secrets Manager client that is used.
type secretReader interface {
	GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, opts ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// secret is a login in Secrets Manager.
type secret struct {
	client secretReader
	arn    string
	now    func() time.Time

	turn chan struct{} // held by whoever uses what follows; one reads for all
	read time.Time     // when the login was read, zero if it has to be
	login
}

// login is what a secret holds. ("Structure of AWS Secrets Manager database
// credential secrets"; the one that RDS manages itself has just these two.)
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

func newSecret(client secretReader, arn string) *secret {
	return &secret{client: client, arn: arn, now: time.Now, turn: make(chan struct{}, 1)}
}

func (s *secret) retrieve(ctx context.Context, _ string, _ uint16, _ string) (name, password string, err error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", "", fmt.Errorf("postgres: secret: %w", ctx.Err())
	}
	if s.read.IsZero() || s.now().Sub(s.read) > secretAge {
		// A login that nobody refused yet is better than none.
		if err := s.refresh(ctx); err != nil && s.read.IsZero() {
			return "", "", fmt.Errorf("postgres: secret: %w", err)
		}
	}
	return s.Username, s.Password, nil
}

func (s *secret) refresh(ctx context.Context) error {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn})
	if err != nil {
		return err
	}
	var l login
	// Errors of encoding/json quote what they read.
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), &l) != nil || l.Password == "" {
		return errors.New("want a JSON object with username and password")
	}
	s.login, s.read = l, s.now()
	return nil
}

// refused has the secret read again by the next connection: it may have been
// rotated.
func (s *secret) refused() {
	s.turn <- struct{}{}
	s.read = time.Time{}
	<-s.turn
}
