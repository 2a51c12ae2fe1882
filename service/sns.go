package service

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// NewSNS makes an SNS client that fits the service: enough connections for
// calls at once, attempts that end soon and a bounded number of them. What cfg
// sets itself, such as its retryer or HTTP client, is kept.
func NewSNS(cfg aws.Config) *sns.Client { return sns.NewFromConfig(cfg) }
