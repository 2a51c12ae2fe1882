package otlphttp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Signer signs requests with AWS Signature Version 4.
type Signer struct {
	Service, Region string
	Credentials     aws.CredentialsProvider

	signer v4.Signer
	now    func() time.Time // nil for time.Now
}

// NewSigner returns a signer for one service and region. Credentials are kept
// until they expire.
func NewSigner(service, region string, credentials aws.CredentialsProvider) *Signer {
	if _, ok := credentials.(*aws.CredentialsCache); !ok {
		credentials = aws.NewCredentialsCache(credentials)
	}
	return &Signer{Service: service, Region: region, Credentials: credentials, signer: *v4.NewSigner()}
}

// sign signs the request as it will be sent: with all headers, and payload as
// its body.
func (s *Signer) sign(ctx context.Context, r *http.Request, payload []byte) error {
	credentials, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	now := time.Now
	if s.now != nil {
		now = s.now
	}
	hash := sha256.Sum256(payload)
	return s.signer.SignHTTP(ctx, credentials, r, hex.EncodeToString(hash[:]), s.Service, s.Region, now())
}

// CloudWatch recognises the hosts of CloudWatch's OTLP endpoints and returns
// what requests to them are signed for. They are, by "OTLP Endpoints" of the
// CloudWatch user guide, xray, logs and monitoring in a region; each has FIPS,
// dual-stack and VPC endpoints besides.
//
//	xray.eu-west-1.amazonaws.com
//	logs.cn-north-1.amazonaws.com.cn
//	monitoring-fips.us-east-1.amazonaws.com
//	monitoring.us-east-2.api.aws
//	vpce-0123-abcd.xray.eu-west-1.vpce.amazonaws.com
func CloudWatch(host string) (service, region string, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, suffix := range []string{".vpce.amazonaws.com", ".vpce.amazonaws.com.cn", ".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		rest, found := strings.CutSuffix(host, suffix)
		if !found {
			continue
		}
		if strings.HasPrefix(suffix, ".vpce") {
			_, rest, _ = strings.Cut(rest, ".") // the endpoint's own name
		}
		service, region, _ = strings.Cut(rest, ".")
		service = strings.TrimSuffix(service, "-fips")
		switch service {
		case "xray", "logs", "monitoring":
			if region != "" && !strings.Contains(region, ".") {
				return service, region, true
			}
		}
	}
	return "", "", false
}
