package probe_test

import (
	"maps"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

func custom(name, query, current string) object {
	return object{"name": name, "type": "custom", "query": query, "current": object{"value": current}}
}

func with(o, more object) object {
	maps.Copy(o, more)
	return o
}

// What is written in a dashboard, and what Grafana makes of it.
func TestRun_Variables_FilledAsGrafanaDoes(t *testing.T) {
	multi := object{"multi": true, "includeAll": true}
	tests := map[string]struct {
		expr, want string
		variables  []object
		given      map[string][]string
	}{
		"one value": {`up{env="$env"}`, `up{env="dev"}`, []object{custom("env", "dev,prod", "dev")}, nil},
		"the first where none is chosen": {
			`up{env="${env}"}`, `up{env="dev"}`,
			[]object{{"name": "env", "type": "custom", "query": "dev,prod"}},
			nil,
		},
		"given":                     {`up{env="[[env]]"}`, `up{env="prod"}`, []object{custom("env", "dev,prod", "dev")}, map[string][]string{"env": {"prod"}}},
		"a value with quotes":       {`up{a="$a"}`, `up{a="it\\'s \\d"}`, []object{custom("a", "", `it's \d`)}, nil},
		"one of several":            {`up{a=~"$a"}`, `up{a=~"a\\.b"}`, []object{with(custom("a", "a.b,c", "a.b"), multi)}, nil},
		"several":                   {`up{a=~"$a"}`, `up{a=~"(a\\.b|c)"}`, []object{with(custom("a", "", ""), with(object{"current": object{"value": []string{"a.b", "c"}}}, multi))}, nil},
		"several given":             {`up{a=~"$a"}`, `up{a=~"(x|y)"}`, []object{with(custom("a", "x,y,z", "x"), multi)}, map[string][]string{"a": {"x", "y"}}},
		"all":                       {`up{a=~"$a"}`, `up{a=~"(x|y)"}`, []object{with(custom("a", "x,y", "$__all"), multi)}, nil},
		"all as it is written":      {`up{a=~"$a"}`, `up{a=~".*"}`, []object{with(custom("a", "x,y", "$__all"), with(object{"allValue": ".*"}, multi))}, nil},
		"all where none is chosen":  {`up{a=~"$a"}`, `up{a=~"(x|y)"}`, []object{with(object{"name": "a", "type": "custom", "query": "x,y"}, multi)}, nil},
		"names for values":          {`up{a="$a"}`, `up{a="1,5"}`, []object{custom("a", `one : 1\,5, two : 2`, "")}, nil},
		"constant":                  {`up{a="$a"}`, `up{a="c"}`, []object{{"name": "a", "type": "constant", "query": "c"}}, nil},
		"text box":                  {`up{a="$a"}`, `up{a="b"}`, []object{{"name": "a", "type": "textbox", "query": "b", "current": object{"value": ""}}}, nil},
		"interval":                  {`rate(up[$i])`, `rate(up[5m])`, []object{{"name": "i", "type": "interval", "query": "1m,5m", "current": object{"value": "5m"}}}, nil},
		"interval chosen by itself": {`rate(up[$i])`, `rate(up[1m])`, []object{{"name": "i", "type": "interval", "query": "1m", "auto_count": 20, "auto_min": "1m", "current": object{"value": "$__auto_interval_i"}}}, nil},
		"number":                    {`up > $n`, `up > 3`, []object{{"name": "n", "type": "custom", "current": object{"value": 3}}}, nil},
		"format csv":                {`${a:csv}`, `x,y`, []object{with(custom("a", "x,y", "$__all"), multi)}, nil},
		"format pipe":               {`${a:pipe}`, `x|y`, []object{with(custom("a", "x,y", "$__all"), multi)}, nil},
		"format regex":              {`${a:regex}`, `(x\.z|y)`, []object{with(custom("a", "x.z,y", "$__all"), multi)}, nil},
		"format regex of one":       {`${a:regex}`, `x\.z`, []object{with(custom("a", "x.z,y", "x.z"), multi)}, nil},
		"format raw":                {`${a:raw}`, `a'b`, []object{custom("a", "", "a'b")}, nil},
		"format glob":               {`${a:glob}`, `{x,y}`, []object{with(custom("a", "x,y", "$__all"), multi)}, nil},
		"format json":               {`${a:json}`, `["x","y"]`, []object{with(custom("a", "x,y", "$__all"), multi)}, nil},
		"format doublequote":        {`${a:doublequote}`, `"x","y"`, []object{with(custom("a", "x,y", "$__all"), multi)}, nil},
		"not a variable":            {`up{a="$a",b=~"x$"}`, `up{a="$a",b=~"x$"}`, nil, nil},
		"the dashboard's title":     {`up{a="$__dashboard"}`, `up{a="b"}`, nil, nil},
		"range":                     {`$__range $__range_s ${__range_ms}`, `900s 900 900000`, nil, nil},
		"intervals":                 {`[$__interval] $__interval_ms [$__rate_interval] $__rate_interval_ms`, `[15s] 15000 [1m0s] 60000`, nil, nil},
		"from and to":               {`$__from ${__to:date:seconds} ${__to:date}`, `1795657507000 1795658407 2026-11-26T02:00:07.000Z`, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := prometheus(t, answers{"": {200, "matrix.json"}})
			b := board(t, object{"title": "b", "templating": variables(tt.variables...), "panels": panels(promQL(tt.expr))})
			r := one(t, ask(t, probe.Config{Prometheus: s.URL, Variables: tt.given}, b))
			if r.Query != tt.want || r.Err != nil {
				t.Errorf("query %s, error %v; want %s", r.Query, r.Err, tt.want)
			}
			if sent := s.asked("/api/v1/query_range"); len(sent) != 1 || sent[0].Get("query") != r.Query {
				t.Errorf("sent %v", sent)
			}
		})
	}
}

// A query that cannot be filled is a failure of that query, with the reason.
func TestRun_CannotBeFilled_Error(t *testing.T) {
	for name, tt := range map[string]struct {
		expr, err string
		variable  object
	}{
		"no value":           {`up{a="$a"}`, "$a: the variable a has no value: want a current one, or one given", object{"name": "a", "type": "custom"}},
		"all of nothing":     {`up{a=~"$a"}`, "$a: the variable a is to be all its values, and there are none", object{"name": "a", "type": "custom", "includeAll": true}},
		"unknown format":     {`${a:colour}`, `$a: the format "colour" is not known`, custom("a", "", "x")},
		"format of a link":   {`${a:queryparam}`, `$a: the format "queryparam" is for addresses, not for queries`, custom("a", "", "x")},
		"unknown date":       {`${__from:date:YYYY}`, `$__from: the format "date:YYYY" of a time is not known here: want date, date:iso or date:seconds`, custom("a", "", "x")},
		"nothing to ask for": {` `, "the query is empty", custom("a", "", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			b := board(t, object{"templating": variables(tt.variable), "panels": panels(promQL(tt.expr))})
			r := one(t, ask(t, probe.Config{Prometheus: "http://127.0.0.1:1"}, b))
			if r.Err == nil || r.Err.Error() != tt.err || r.ShowsData() {
				t.Errorf("error %v, want %s", r.Err, tt.err)
			}
		})
	}
}

// What a panel, a query and the configuration say about the distance of points.
func TestRun_Intervals_AsGrafanaComputesThem(t *testing.T) {
	const expr = "$__interval $__rate_interval"
	for name, tt := range map[string]struct {
		length        time.Duration
		panel, target object
		config        probe.Config
		want, step    string
	}{
		"15 minutes":               {15 * time.Minute, nil, nil, probe.Config{}, "15s 1m0s", "15"},
		"6 hours":                  {6 * time.Hour, nil, nil, probe.Config{}, "30s 1m0s", "30"},
		"a day":                    {24 * time.Hour, nil, nil, probe.Config{}, "2m 2m15s", "120"},
		"a month":                  {30 * 24 * time.Hour, nil, nil, probe.Config{}, "1h 1h0m15s", "3600"},
		"few points":               {6 * time.Hour, object{"maxDataPoints": 10}, nil, probe.Config{}, "30m 30m15s", "1800"},
		"the panel's least":        {15 * time.Minute, object{"interval": "1m"}, nil, probe.Config{}, "1m 1m15s", "60"},
		"the query's least":        {15 * time.Minute, nil, object{"interval": "1m"}, probe.Config{}, "1m 4m0s", "60"},
		"a variable of Grafana":    {15 * time.Minute, nil, object{"interval": "$__interval"}, probe.Config{}, "15s 1m0s", "15"},
		"another scrape interval":  {15 * time.Minute, nil, nil, probe.Config{ScrapeInterval: time.Minute}, "1m 4m0s", "60"},
		"a given step":             {15 * time.Minute, nil, nil, probe.Config{Step: 2 * time.Second}, "2s 1m0s", "2"},
		"too many points":          {40 * 24 * time.Hour, nil, nil, probe.Config{Step: time.Second}, "5m 5m15s", "300"},
		"the panel's time":         {15 * time.Minute, object{"timeFrom": "1d"}, nil, probe.Config{}, "2m 2m15s", "120"},
		"a time that is not known": {15 * time.Minute, object{"interval": "soon"}, nil, probe.Config{}, "15s 1m0s", "15"},
	} {
		t.Run(name, func(t *testing.T) {
			s := prometheus(t, answers{"": {200, "matrix.json"}})
			list := panels(with(promQL(expr), tt.target))
			with(list[0], tt.panel)
			c := tt.config
			c.Prometheus, c.From = s.URL, now.Add(-tt.length)
			r := one(t, ask(t, c, board(t, object{"panels": list})))
			if r.Query != tt.want || r.Err != nil {
				t.Errorf("query %s, error %v; want %s", r.Query, r.Err, tt.want)
			}
			if sent := s.asked("/api/v1/query_range"); len(sent) != 1 || sent[0].Get("step") != tt.step {
				t.Errorf("sent %v, want step %s", sent, tt.step)
			}
		})
	}
}
