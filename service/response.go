package service

// Accepted is the body of the answer 202 to a single event.
type Accepted struct {
	// ID and Source identify the event. For plain JSON the service made them.
	ID     string `json:"id"`
	Source string `json:"source"`

	// Status is "accepted".
	Status string `json:"status"`

	// TraceID is the trace in which the event travels, in hex.
	TraceID string `json:"trace_id,omitempty"`
}

// Batch is the body of the answer 202 to a batch.
type Batch struct {
	TraceID string `json:"trace_id,omitempty"`

	// Accepted is how many events SNS has confirmed: all of them.
	Accepted int `json:"accepted"`

	// Results has an entry for every event, in order.
	Results []Result `json:"results"`
}

// Result is what became of one event of a batch.
type Result struct {
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Source string `json:"source"`

	// Status is "accepted" or "refused".
	Status string `json:"status"`

	// Code and Detail say why an event was refused, as those of a [Problem]
	// do.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Problem is the body of every answer that is not 2xx (RFC 9457).
type Problem struct {
	// Type is a URI that leads to the description of Code.
	Type string `json:"type"`

	// Title is a short text that is the same for every problem of the type.
	Title string `json:"title"`

	// Status is the HTTP status.
	Status int `json:"status"`

	// Detail says what is wrong with this request. It never repeats anything
	// of the body, apart from names of fields.
	Detail string `json:"detail,omitempty"`

	// Code is a stable word for programs.
	Code string `json:"code"`

	// TraceID is the trace of this request, in hex.
	TraceID string `json:"trace_id,omitempty"`

	// Index and Field name the event of a batch and the attribute that is at
	// fault.
	Index *int   `json:"index,omitempty"`
	Field string `json:"field,omitempty"`

	// Accepted and Results say what became of each event when SNS did not
	// take all of them.
	Accepted *int     `json:"accepted,omitempty"`
	Results  []Result `json:"results,omitempty"`
}
