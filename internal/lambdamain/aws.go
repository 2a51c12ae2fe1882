package lambdamain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Environment variables of the AWS SDK that are read. (AWS SDKs and Tools
// Reference Guide, "Environment variables list".)
const (
	envRegion, envDefaultRegion        = "AWS_REGION", "AWS_DEFAULT_REGION"
	envAccessKey, envSecretKey         = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"                              //nolint:gosec // names
	envSessionToken                    = "AWS_SESSION_TOKEN"                                                       //nolint:gosec // names
	envContainerURI, envContainerToken = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN" //nolint:gosec // names
	envContainerTokenFile              = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"                                  //nolint:gosec // a name
	envEndpoint, envIgnoreEndpoints    = "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
	envFIPS, envDualStack              = "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"
	envRetryMode, envMaxAttempts       = "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS"
	envCABundle, envAppID              = "AWS_CA_BUNDLE", "AWS_SDK_UA_APP_ID"
	envRequestChecksum                 = "AWS_REQUEST_CHECKSUM_CALCULATION"
	envResponseChecksum                = "AWS_RESPONSE_CHECKSUM_VALIDATION"
	envDefaultsMode, envExecution      = "AWS_DEFAULTS_MODE", "AWS_EXECUTION_ENV"
)

// awsConfig is the SDK's configuration from what Lambda puts into a function's
// environment. The SDK's own package config also logs in by SSO, STS and
// profiles, which no function does; that it could would cost each start about
// a sixth of its time.
//
// The error names everything that is missing or wrong.
func awsConfig(getenv func(string) string) (aws.Config, error) {
	e := environment{getenv: getenv}
	c := aws.Config{
		Region:      getenv(envRegion),
		Credentials: e.credentials(),
		AppID:       getenv(envAppID),
	}
	if c.Region == "" {
		c.Region = getenv(envDefaultRegion)
	}
	if c.Region == "" {
		e.refuse(envRegion, "", "a region, which Lambda sets")
	}
	ignored := e.flag(envIgnoreEndpoints)
	c.ConfigSources = []any{endpoints{getenv: getenv, ignored: ignored == on, fips: e.flag(envFIPS), dualStack: e.flag(envDualStack)}}
	if v := getenv(envEndpoint); v != "" && ignored != on {
		c.BaseEndpoint = &v
	}
	if v := getenv(envMaxAttempts); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			e.refuse(envMaxAttempts, v, "a number from 1")
		}
		c.RetryMaxAttempts = n
	}
	if v := getenv(envRetryMode); v != "" {
		mode, err := aws.ParseRetryMode(v)
		if err != nil {
			e.refuse(envRetryMode, v, "standard or adaptive")
		}
		c.RetryMode = mode
	}
	e.checksums(&c)
	e.defaults(&c)
	if file := getenv(envCABundle); file != "" {
		if roots := readAuthorities(file); roots != nil {
			c.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
				t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			})
		} else {
			e.refuse(envCABundle, file, "a file with certificates in PEM")
		}
	}
	return c, errors.Join(e.errs...)
}

// environment is read, and what is wrong with it kept.
type environment struct {
	getenv func(string) string
	errs   []error
}

func (e *environment) refuse(name, value, want string) {
	if value == "" {
		e.errs = append(e.errs, fmt.Errorf("%s: want %s", name, want))
		return
	}
	e.errs = append(e.errs, fmt.Errorf("%s=%q: want %s", name, value, want))
}

// flag is a variable that is true, false, or not there.
type flag uint8

const (
	unset flag = iota
	on
	off
)

func (e *environment) flag(name string) flag {
	switch v := e.getenv(name); {
	case v == "":
		return unset
	case strings.EqualFold(v, "true"):
		return on
	case strings.EqualFold(v, "false"):
		return off
	default:
		e.refuse(name, v, "true or false")
		return unset
	}
}

// checksums reads when checksums of bodies are made and compared. S3's client
// compares none unless it is told to, which is the SDK's own default.
func (e *environment) checksums(c *aws.Config) {
	c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
	if e.onlyRequired(envRequestChecksum) {
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}
	c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	if e.onlyRequired(envResponseChecksum) {
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}
}

func (e *environment) onlyRequired(name string) bool {
	switch v := e.getenv(name); {
	case strings.EqualFold(v, "when_required"):
		return true
	case v != "" && !strings.EqualFold(v, "when_supported"):
		e.refuse(name, v, "when_supported or when_required")
	}
	return false
}

// defaults reads the set of timeouts and retries that clients start from.
// "auto" compares the function's region with the client's; off Lambda the SDK
// asks the instance for its own, which is not done here.
func (e *environment) defaults(c *aws.Config) {
	c.DefaultsMode = aws.DefaultsModeLegacy
	if v := e.getenv(envDefaultsMode); v != "" && !c.DefaultsMode.SetFromString(v) {
		e.refuse(envDefaultsMode, v, "legacy, standard, in-region, cross-region, mobile or auto")
	}
	if c.DefaultsMode == aws.DefaultsModeAuto {
		c.RuntimeEnvironment = aws.RuntimeEnvironment{
			EnvironmentIdentifier: aws.ExecutionEnvironmentID(e.getenv(envExecution)), Region: c.Region,
		}
	}
}

func readAuthorities(file string) *x509.CertPool {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(file); err != nil || !roots.AppendCertsFromPEM(pem) {
		return nil
	}
	return roots
}

// endpoints tells the SDK's clients where to find their services. They look
// for these methods in aws.Config.ConfigSources.
type endpoints struct {
	getenv          func(string) string
	ignored         bool
	fips, dualStack flag
}

// GetServiceBaseEndpoint reads AWS_ENDPOINT_URL_<SERVICE>.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	v := e.getenv(envEndpoint + "_" + strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(sdkID)))
	return v, v != "", nil
}

// GetIgnoreConfiguredEndpoints tells whether none of these URLs count.
func (e endpoints) GetIgnoreConfiguredEndpoints(context.Context) (value, found bool, err error) {
	return e.ignored, e.ignored, nil
}

// GetUseFIPSEndpoint tells whether the endpoints with validated cryptography
// are used.
func (e endpoints) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	if e.fips == on {
		return aws.FIPSEndpointStateEnabled, true, nil
	}
	return aws.FIPSEndpointStateDisabled, e.fips == off, nil
}

// GetUseDualStackEndpoint tells whether the endpoints with IPv6 are used.
func (e endpoints) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	if e.dualStack == on {
		return aws.DualStackEndpointStateEnabled, true, nil
	}
	return aws.DualStackEndpointStateDisabled, e.dualStack == off, nil
}
