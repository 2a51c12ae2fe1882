package lambdamain

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// credentials are the keys of the function's role, or, where Lambda gives an
// address instead because a key would be too old when it is used, what is read
// there. (Lambda Developer Guide, "Defined runtime environment variables"; it
// says so of SnapStart.)
func (e *environment) credentials() aws.CredentialsProvider {
	key, secret, uri := e.getenv(envAccessKey), e.getenv(envSecretKey), e.getenv(envContainerURI)
	switch {
	case key != "" && secret != "":
		return credentials.StaticCredentialsProvider{
			Value:  aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: e.getenv(envSessionToken), Source: "environment"},
			Source: []aws.CredentialSource{aws.CredentialSourceEnvVars},
		}
	case uri != "" && local(uri):
		return e.fetched(uri)
	case uri != "":
		e.refuse(envContainerURI, shown(uri), "a URL with https, or on this machine: a token is sent there")
	default:
		e.refuse(envAccessKey+" and "+envSecretKey, "", "the function's credentials, which Lambda sets; profiles and logins are not read")
	}
	return nil
}

// fetched are credentials that are read from a URL, and read again five
// minutes before they expire.
func (e *environment) fetched(uri string) aws.CredentialsProvider {
	token, file := e.getenv(envContainerToken), e.getenv(envContainerTokenFile)
	provider := endpointcreds.New(uri, func(o *endpointcreds.Options) {
		o.AuthorizationToken = token
		if file != "" {
			o.AuthorizationTokenProvider = tokenFile(file)
		}
	})
	return aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
}

// tokenFile is the name of a file with a token. It is read each time, as
// tokens change.
type tokenFile string

// GetToken implements endpointcreds.AuthTokenProvider.
func (f tokenFile) GetToken() (string, error) {
	token, err := os.ReadFile(string(f))
	if err != nil {
		return "", fmt.Errorf("%s: %w", envContainerTokenFile, err)
	}
	return string(token), nil
}

// local reports whether a token may be sent to a URL: encrypted, or within the
// machine.
func local(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Hostname() == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// shown is of a URL what may be printed: not who logs in and with what, nor a
// query. Nothing is shown of what is no URL, since it may hold either anywhere.
func shown(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
