package cost

import "github.com/tracehaul/tracehaul/internal/price"

// Prices in US dollars at list, without any free tier, of US East (N. Virginia),
// as AWS's pricing pages had them in autumn 2026. Each group names its pages;
// those that the board of costs counts with, too, are in package price.

// Units.
const (
	million        = 1e6
	gigabyte       = 1e9
	hoursInMonth   = price.HoursInMonth
	minutesInMonth = hoursInMonth * 60
	secondsInMonth = hoursInMonth * 3600
	daysInMonth    = hoursInMonth / 24
)

// "Elastic Load Balancing pricing", "AWS WAF Pricing".
const (
	priceCapacityUnitHour = 0.008
	capacityUnitBytes     = 1 * gigabyte // an hour
	capacityUnitNew       = 25.          // connections a second
	priceFirewall         = 5.0          // a web ACL
	priceFirewallRule     = 1.0          // a rule, or a group of AWS's
	priceFirewallRequest  = 0.60 / million
)

// messagesInRequest is how many messages a request to SQS is about, at 64 KB a
// request ("Amazon SQS pricing"). SNS takes nothing for a delivery to a queue,
// "standard SQS pricing applies" ("Amazon SNS pricing").
const messagesInRequest = 10.

// "Amazon Aurora Pricing": Serverless v2, Aurora Standard.
const (
	priceStorageGB = 0.10
	priceIO        = 0.20 / million
	ioBytes        = 4096. // of the log, at most, in one
)

// "AWS PrivateLink pricing", "Amazon VPC pricing", "Amazon EC2 On-Demand Pricing"
// (data transfer).
const (
	priceEndpointGB     = 0.01
	priceAddressHour    = 0.005 // a public IPv4 address
	priceOutGB          = 0.09
	priceBetweenZonesGB = 0.01 + 0.01 // out of one, into the other
)

// "AWS Key Management Service Pricing", "AWS Secrets Manager Pricing", "Amazon
// Cognito Pricing" (machine-to-machine authorization), "Amazon Route 53 pricing",
// "Amazon Elastic Container Registry pricing", "Amazon S3 pricing".
const (
	priceKey        = 1.0
	priceSecret     = 0.40
	priceClient     = 6.0 // an app client
	priceToken      = 2.25 / 1000
	priceHostedZone = 0.50
	priceImageGB    = 0.10
	priceObjectGB   = 0.023
	pricePut        = 0.005 / 1000
	priceGet        = 0.0004 / 1000
)

// "Amazon CloudWatch Pricing". The prices of alarms are those of package alarms.
const (
	priceLogGB         = 0.50 // taken in: of programs, and of AWS services
	priceLogStoredGB   = 0.03 // a month, of what compression leaves
	logCompression     = 0.15
	priceSpanGB        = 0.35 // Transaction Search
	priceIndexedSpan   = 0.75 / million
	freeIndexedPercent = 1    // of the spans
	pricePointGB       = 0.50 // OpenTelemetry metrics
	priceCustomMetric  = 0.30
	priceDashboard     = 3.0
)
