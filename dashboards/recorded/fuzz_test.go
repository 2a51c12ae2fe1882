package recorded_test

import "testing"

// Whatever a dashboard has, a query has data or a reason why it has none.
func FuzzEvaluate(f *testing.F) {
	target := with(metric("Shop", "Orders", "$s", object{}), "id", "m")
	f.Add(board(f, []object{variable("s", "custom", "Sum,p90", nil)}, panel("$s", target, math("", "LAST(ANOMALY_DETECTION_BAND(RUNNING_SUM([m, m]), 2))"))))
	f.Add(board(f, []object{lookUp("v", `dimension_values($r, Shop, Orders, Till, {"Till": "*"})`, `/(?<value>\d+)/gi`)}, with(panel("P", metric("Shop", "Orders", "Sum", object{"Till": []string{"$v", "*"}})), "repeat", "v")))
	f.Add([]byte(`{"panels":[{"type":"row","panels":[{"datasource":{"type":"cloudwatch"},"targets":[{"expression":"[[m]]","period":5,"dimensions":{"a":null}}]}]}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		queries, err := small(t, 1, 2, 3).Evaluate(content)
		if err != nil && len(queries) == 0 {
			return
		}
		for _, q := range queries {
			if found := q.Series > 0 && q.Points >= q.Series; found == (q.Problem != "") || !found && q.Series+q.Points != 0 {
				t.Errorf("%+v", q)
			}
		}
	})
}
