package lint

// Rule is what a dashboard is checked for.
type Rule struct {
	Name string `json:"name"`
	What string `json:"what"` // what is right
	Why  string `json:"why"`  // what goes wrong otherwise, or where the rule comes from
}

// Rules lists the rules in the order in which they look.
func Rules() []Rule {
	all := make([]Rule, len(rules))
	for i, r := range rules {
		all[i] = r.Rule
	}
	return all
}

// rule is a rule and what looks for it. The first has no check: it is about
// what cannot be read at all.
type rule struct {
	Rule
	check func(*checker)
}

var rules = []rule{
	{Rule{"json", "the file is one JSON object of at most 5 MiB that nests at most 100 deep", "nothing else can be checked"}, nil},
	{Rule{"schema", "every field is known and of the right type", "Grafana drops unknown fields without a word; decoded and validated by the foundation SDK"}, checkSchema},
	{Rule{"settings", "uid (40 characters), title, schemaVersion, timezone, refresh, time, tags and a shared crosshair are set", "links hold the uid; readers compare panels at one moment and mean the same time"}, checkSettings},
	{Rule{"title", "every panel and row has a title", "a panel without one cannot be talked about"}, checkTitles},
	{Rule{"description", "every panel but a text has a description of 5 words or more", "who is woken up does not know what good looks like"}, checkDescriptions},
	{Rule{"panel-id", "every panel and row has an id of its own", "Grafana numbers the others anew at every deploy, which breaks links to panels"}, checkPanelIDs},
	{Rule{"panel-type", "panels are of a type that Grafana has, or of a plugin whose id ends with -panel", "an unknown one is a red panel"}, checkPanelTypes},
	{Rule{"query", "panels have queries, each with a refId of its own", "of two queries with one refId, one is not drawn"}, checkQueries},
	{Rule{"layout", "panels lie within 24 columns without overlapping; rows are well-formed", "Grafana moves panels that overlap, differently in every version"}, checkLayout},
	{Rule{"datasource", "every query names its own data source by type and uid; its variable offers that type", "the SDK checks a query by its own data source only; a panel of one that is missing is red"}, checkDatasources},
	{Rule{"variable", "all variables that are used are defined or Grafana's own, all that are defined are used", "Grafana leaves an unknown name as it is, so that a query finds nothing"}, checkVariables},
	{Rule{"unit", "units are ids of Grafana's, and numbers have one", "an unknown id is printed behind the number"}, checkUnits},
	{Rule{"reducer", "reducers are Grafana's", "an unknown one leaves the number empty"}, checkReducers},
	{Rule{"axis", "axes of what cannot be negative have a least value; decimals are 0 to 3", "an axis that fits itself to the data makes half a percent look like an outage"}, checkAxes},
	{Rule{"percent", "percent has 100 for all and percentunit 1, in max and thresholds", "a threshold that is a hundred times too high is never reached"}, checkPercent},
	{Rule{"colour-mode", "colour modes are known and their colours stay apart for the colour-blind", "one man in twelve does not tell red from green; Okabe and Ito, Color Universal Design"}, checkColourModes},
	{Rule{"colour", "colours are blue, orange, yellow, text or of Okabe and Ito's palette; thresholds have a line or a number, too", "one man in twelve does not tell red from green"}, checkColours},
	{Rule{"cloudwatch-mode", "queryMode, metricQueryType, metricEditorMode, region and log groups are set", "Grafana guesses otherwise, and the panel stays empty"}, checkCloudWatchMode},
	{Rule{"cloudwatch-name", "namespaces, metrics and dimensions are documented by AWS, or given", "a misspelt one has no data, as has one that is fine and quiet"}, checkCloudWatchNames},
	{Rule{"cloudwatch-query", "statistic, matchExact, period and id are right", "matchExact false counts series twice; CloudWatch statistics definitions"}, checkCloudWatchQueries},
	{Rule{"cloudwatch-unit", "the panel's unit is the one that AWS reports the metric in", "Lambda's durations are in ms, the load balancer's in s"}, checkCloudWatchUnits},
	{Rule{"metric-math", "expressions of CloudWatch parse and name queries of the panel", "CloudWatch refuses the whole request otherwise"}, checkMetricMath},
	{Rule{"logs-insights", "commands of Logs Insights are known, quotes and parentheses match", "CloudWatch refuses the query otherwise"}, checkLogsInsights},
	{Rule{"promql", "PromQL parses and names no metric that is a known one misspelt; rates look back by $__rate_interval, or say by how much", "a window that does not fit scrape interval and zoom leaves gaps"}, checkPromQL},
	{Rule{"traceql", "TraceQL has matching brackets, quoted texts and 0.95 for .95", "Tempo reads .95 as an attribute and finds nothing"}, checkTraceQL},
	{Rule{"sql", "SQL reads, is one statement and is bound to the time shown", "whoever opens a dashboard runs its queries"}, checkSQL},
	{Rule{"link", "links lead to dashboards that exist and keep time and variables, to runbooks that exist, or elsewhere", "whoever follows one in an incident loses what was looked at"}, checkLinks},
	{Rule{"alarm", "a panel that names an alarm shows its threshold, and no other", "two numbers for one limit drift apart"}, checkAlarms},
}
