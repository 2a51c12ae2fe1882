package cost

// Sizes are how large things are, in bytes, and how many there are.
type Sizes struct {
	Span            float64 // as JSON with its resource, as X-Ray writes it into aws/spans
	SpansOfEvent    float64
	InvocationLines float64 // what the consumer logs
	Row             float64 // with its indexes
	ServicePoints   float64 // metrics that a task sends each minute
	ConsumerPoints  float64 // and an environment of the function that is busy

	BalancerSpan float64 // as Span, of the load balancer: one for each request
	FileLines    float64 // what albspans logs of a file of the access log
	FilePoints   float64 // metrics that it sends then

	// What they hold for.
	EventBody          float64
	EventsOfInvocation int
}

// Measured are the sizes with every trace sampled. A test measures them with the
// real programs.
var Measured = Sizes{
	Span: 2230, SpansOfEvent: 5.06, InvocationLines: 1480, Row: 1350, ServicePoints: 6100, ConsumerPoints: 24600,
	BalancerSpan: 2840, FileLines: 930, FilePoints: 7000,
	EventBody: 500, EventsOfInvocation: 20,
}

// Assumed sizes, in bytes, of what no program here makes.
const (
	requestHead     = 1500. // most of it is the token
	responseBytes   = 600.
	publishBytes    = 3000. // an event's call of SNS, both ways
	lambdaLines     = 350.  // START, END and REPORT
	logLineOverhead = 26.   // which CloudWatch Logs adds to each
	flowRecord      = 120.
	insightsRecords = 3000.  // of Container Insights, for a task and minute
	monitoringLine  = 10000. // of enhanced monitoring, for an instance and minute
	accessLogLine   = 90.    // compressed
	imagesGB        = 1.     // the last hundred versions
)
