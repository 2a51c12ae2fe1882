package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

// One of two panels shows data.
func ExampleRun() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result := `[]`
		if r.FormValue("query") == `rate(requests_total{env="dev"}[1m0s])` {
			result = `[{"metric":{},"values":[[1795659505,"3.5"],[1795659520,"4"]]}]`
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":%s}}`, result)
	}))
	defer server.Close()
	results, err := probe.Run(context.Background(), probe.Config{Prometheus: server.URL}, probe.Dashboard{Name: "orders.json", Content: []byte(`{
		"title": "Orders",
		"templating": {"list": [{"name": "env", "type": "custom", "query": "dev,prod", "current": {"value": "dev"}}]},
		"panels": [
			{"id": 1, "title": "Requests", "targets": [{"refId": "A", "datasource": {"type": "prometheus"}, "expr": "rate(requests_total{env=\"$env\"}[$__rate_interval])"}]},
			{"id": 2, "title": "Errors", "targets": [{"refId": "A", "datasource": {"type": "prometheus"}, "expr": "rate(eror_total[$__rate_interval])"}]}
		]}`)})
	if err != nil {
		fmt.Println(err)
	}
	for _, r := range results {
		fmt.Println(r.Panel, r.ShowsData(), r.Points)
	}
	// Output:
	// 1 Requests true 2
	// 2 Errors false 0
}
