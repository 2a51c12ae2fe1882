package lambdamain

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// container is an environment in which credentials come from a URL.
func container(url string, more map[string]string) map[string]string {
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": url}
	maps.Copy(env, more)
	return env
}

// source gives credentials that expire after a while to those who have the
// token.
func source(t *testing.T, token string, lifetime time.Duration) (url string, calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Authorization") != token {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintf(w, `{"AccessKeyId": "id", "SecretAccessKey": "secret", "Token": "token", "Expiration": %q}`,
			time.Now().Add(lifetime).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

func TestAWSConfig_ContainerCredentials_AreFetchedWithTheToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("pass"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, more := range map[string]map[string]string{
		"in a variable": {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "pass"},
		"in a file":     {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file},
		"in both":       {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "old", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := source(t, "pass", time.Hour)
			c, err := awsConfig(from(container(url, more)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Credentials.Retrieve(t.Context())
			if err != nil || got.AccessKeyID != "id" || got.SessionToken != "token" || !got.CanExpire {
				t.Errorf("credentials %+v, %v", got, err)
			}
		})
	}
}

func TestAWSConfig_ContainerCredentials_AreRenewedBeforeTheyExpire(t *testing.T) {
	for name, tt := range map[string]struct {
		lifetime time.Duration
		want     int64
	}{
		"ten minutes left":  {10 * time.Minute, 1},
		"four minutes left": {4 * time.Minute, 2},
	} {
		t.Run(name, func(t *testing.T) {
			url, calls := source(t, "", tt.lifetime)
			c, err := awsConfig(from(container(url, nil)))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := c.Credentials.Retrieve(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := calls.Load(); n != tt.want {
				t.Errorf("fetched %d times for two uses, want %d", n, tt.want)
			}
		})
	}
}

func TestAWSConfig_ContainerCredentials_TokenStaysOnTheMachineUnlessEncrypted(t *testing.T) {
	for url, good := range map[string]bool{
		"http://127.0.0.1:9001/role":   true,
		"http://[::1]:9001/role":       true,
		"http://localhost/role":        true,
		"https://example.com/role":     true,
		"http://10.0.0.1/role":         false,
		"http://169.254.169.254/role":  false,
		"http://example.com/role":      false,
		"http://127.0.0.1@10.0.0.1/":   false,
		"http://localhost.example.com": false,
		"ftp://127.0.0.1/role":         false,
		"127.0.0.1:9001":               false,
	} {
		if _, err := awsConfig(from(container(url, nil))); (err == nil) != good {
			t.Errorf("%s: error is %v, and it is to be used: %v", url, err, good)
		}
	}
}

func TestAWSConfig_ContainerCredentials_ErrorHasNoSecret(t *testing.T) {
	for url, visible := range map[string]string{
		"https://user:topsecret@h:bad/":                    "",
		"http://user:topsecret@example.com/role":           `="http://example.com/role"`,
		"http://example.com/role?token=topsecret":          `="http://example.com/role"`,
		"user:topsecret@example.com":                       "",
		"http:/user:topsecret@example.com":                 "",
		"http://example.com/%zztopsecret":                  "",
		"http://user:topsecret@example.com/role#topsecret": `="http://example.com/role"`,
	} {
		_, err := awsConfig(from(container(url, nil)))
		if err == nil || strings.Contains(err.Error(), "topsecret") ||
			!strings.HasPrefix(err.Error(), "AWS_CONTAINER_CREDENTIALS_FULL_URI"+visible+": want a URL") {
			t.Errorf("%s: error is %v, want one that shows %q", url, err, visible)
		}
	}
}
