package cost

// Traffic is what flows through a deployment, and what somebody has set beside
// the description.
type Traffic struct {
	// EventsPerSecond is the mean over the month.
	EventsPerSecond float64

	// EventsPerRequest is how many a client sends at once. Defaults to 1.
	EventsPerRequest float64

	// Clients are those that have a client of the user pool; where there is
	// traffic each asks for a token an hour. Defaults to 1.
	Clients float64

	// EndpointZones is the variable endpoint_zones of module network. Defaults to
	// all zones.
	EndpointZones int

	// IndexedPercent is how many of the traces X-Ray indexes. Defaults to all.
	IndexedPercent float64
}

// WithDefaults returns t with its unset fields filled in.
func (t Traffic) WithDefaults() Traffic {
	if t.EventsPerRequest == 0 {
		t.EventsPerRequest = 1
	}
	if t.Clients == 0 {
		t.Clients = 1
	}
	if t.IndexedPercent == 0 {
		t.IndexedPercent = 100
	}
	return t
}

// What else is assumed of the traffic.
const (
	invocationSeconds = 0.05
	newConnections    = 1.  // a second: clients keep theirs
	pollers           = 5.  // that read an idle queue, as Lambda does
	pollSeconds       = 20. // how long each waits
	checksInMinute    = 12. // of the load balancer's health, from each zone to each task
	recordsOfCheck    = 4.  // in the flow logs: both ways, at both ends
	strayRecords      = 300.
	filesInHour       = 12. // of access log, in each zone
	tokensInHour      = 1.
	// The log of a database has a row and its indexes; each batch fills its last
	// write in part.
	logOfRow = 2.
)
