package probe

import "encoding/json"

// Result is what a query was answered.
type Result struct {
	Dashboard string // its title, or its file's name if it has none
	Panel     Panel
	RefID     string
	Source    string // the type of the data source, such as prometheus
	Query     string // as it was sent

	Series int // time series; rows of SQL; values of a variable
	Points int // that are numbers and not NaN; values of a table that are not null
	Other  int // of the points, those that are not 0

	Skipped string // why it was not asked; empty if it was
	Err     error  // why there is no answer
}

// Panel says where in the dashboard a query stands.
type Panel struct {
	ID    int64  `json:"id"` // 0 for an annotation and a variable
	Title string `json:"title"`
}

// ShowsData reports whether there is anything to see: a point at least.
func (r Result) ShowsData() bool {
	return r.Skipped == "" && r.Err == nil && r.Points > 0
}

// OnlyZeros reports whether every point is 0: the query finds what it is about,
// or adds up what never happens.
func (r Result) OnlyZeros() bool { return r.ShowsData() && r.Other == 0 }

// MarshalJSON writes the error as its text.
func (r Result) MarshalJSON() ([]byte, error) {
	out := struct {
		Dashboard string `json:"dashboard"`
		Panel     Panel  `json:"panel"`
		RefID     string `json:"ref_id,omitempty"`
		Source    string `json:"source"`
		Query     string `json:"query"`
		Series    int    `json:"series"`
		Points    int    `json:"points"`
		Other     int    `json:"points_not_zero"`
		ShowsData bool   `json:"shows_data"`
		Skipped   string `json:"skipped,omitempty"`
		Error     string `json:"error,omitempty"`
	}{r.Dashboard, r.Panel, r.RefID, r.Source, r.Query, r.Series, r.Points, r.Other, r.ShowsData(), r.Skipped, ""}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	return json.Marshal(out)
}
