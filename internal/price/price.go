package price

// HoursInMonth is what AWS's calculator takes a month for.
const HoursInMonth = 730.

// Prices in US dollars at list, without any free tier, of US East (N. Virginia),
// as AWS's pricing pages had them in autumn 2026: "Elastic Load Balancing pricing",
// "AWS PrivateLink pricing", "AWS Fargate Pricing" for Linux, "AWS Lambda Pricing"
// (first tier), "Amazon SNS pricing" and "Amazon SQS pricing" for standard topics and
// queues, "Amazon Aurora Pricing" for Serverless v2, Aurora Standard.
const (
	LoadBalancerHour = 0.0225
	EndpointHour     = 0.01 // in each zone

	ARMCPUHour    = 0.03238 // a vCPU
	ARMMemoryHour = 0.00356 // a GB
	X86CPUHour    = 0.04048
	X86MemoryHour = 0.004445

	Invocation  = 0.20 / 1e6
	ARMGBSecond = 0.0000133334
	X86GBSecond = 0.0000166667

	Publish      = 0.50 / 1e6
	QueueRequest = 0.40 / 1e6

	CapacityHour = 0.12 // an ACU
)
