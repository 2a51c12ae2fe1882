package cost

// Prices in US dollars at list, without any free tier, of US East (N. Virginia),
// as AWS's pricing pages had them in autumn 2026. Each group names its pages.

// Units.
const (
	million        = 1e6
	gigabyte       = 1e9
	hoursInMonth   = 730.
	minutesInMonth = hoursInMonth * 60
	secondsInMonth = hoursInMonth * 3600
	daysInMonth    = hoursInMonth / 24
)

// "Elastic Load Balancing pricing", "AWS WAF Pricing".
const (
	priceLoadBalancerHour = 0.0225
	priceCapacityUnitHour = 0.008
	capacityUnitBytes     = 1 * gigabyte // an hour
	capacityUnitNew       = 25.          // connections a second
	priceFirewall         = 5.0          // a web ACL
	priceFirewallRule     = 1.0          // a rule, or a group of AWS's
	priceFirewallRequest  = 0.60 / million
)

// "AWS Fargate Pricing" for Linux, "AWS Lambda Pricing" (first tier).
const (
	priceARMCPUHour    = 0.03238 // a vCPU
	priceARMMemoryHour = 0.00356 // a GB
	priceX86CPUHour    = 0.04048
	priceX86MemoryHour = 0.004445

	priceInvocation  = 0.20 / million
	priceARMGBSecond = 0.0000133334
	priceX86GBSecond = 0.0000166667
)

// "Amazon SNS pricing", "Amazon SQS pricing": standard topics and queues, 64 KB a
// request. SNS takes nothing for a delivery to a queue, "standard SQS pricing
// applies".
const (
	pricePublish      = 0.50 / million
	priceQueueRequest = 0.40 / million
	messagesInRequest = 10.
)

// "Amazon Aurora Pricing": Serverless v2, Aurora Standard.
const (
	priceCapacityHour = 0.12 // an ACU
	priceStorageGB    = 0.10
	priceIO           = 0.20 / million
	ioBytes           = 4096. // of the log, at most, in one
)

// "AWS PrivateLink pricing", "Amazon VPC pricing", "Amazon EC2 On-Demand Pricing"
// (data transfer).
const (
	priceEndpointHour   = 0.01 // in each zone
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
