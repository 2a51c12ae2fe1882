package pipeline

import "net/url"

// Boards are the pipeline's dashboards.
const (
	BoardPipeline  = "pipeline"  // every hop from load balancer to database
	BoardDeploy    = "deploy"    // canary against stable
	BoardConsumers = "consumers" // queues and functions
	BoardDatabase  = "database"
	BoardAlarms    = "alarms" // every alarm's signal with its threshold
	BoardCost      = "cost"
)

// Boards returns all boards, in a fixed order.
func Boards() []string {
	return []string{BoardPipeline, BoardDeploy, BoardConsumers, BoardDatabase, BoardAlarms, BoardCost}
}

// DashboardUID is the uid of a board in Grafana, which takes 40 characters, and
// the name of its like in CloudWatch.
func (p *Pipeline) DashboardUID(board string) string { return p.Prefix() + "-" + board }

// DashboardURL is the address of a board: in Grafana where there is one, else
// in the CloudWatch console, which has the board [BoardDeploy] alone.
func (p *Pipeline) DashboardURL(board string) string {
	if p.Dashboards.GrafanaURL != "" {
		return p.Dashboards.GrafanaURL + "/d/" + p.DashboardUID(board)
	}
	return p.ConsoleURL("cloudwatch") + "#dashboards/dashboard/" + p.DashboardUID(BoardDeploy)
}

// ConsoleURL is the address of the console of an AWS service in the pipeline's
// region.
func (p *Pipeline) ConsoleURL(service string) string {
	return "https://" + p.Region + ".console.aws.amazon.com/" + service + "/home?region=" + url.QueryEscape(p.Region)
}
