package doctor

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

const applyData = "apply iac/terraform/data"

var databaseChecks = []Check{{
	ID: "capacity", Hop: signal.HopDatabase, needs: []string{needRDS}, Page: "docs/runbooks/database-acu.md",
	What: "the cluster is available, with the capacity of the description: alarms on its use and on connections count on that",
	look: lookCapacity,
}}

func lookCapacity(ctx context.Context, e *exam) ([]Finding, error) {
	if !e.pipeline.HasDatabase() {
		return nil, nil
	}
	name, d := e.pipeline.DatabaseName(), e.pipeline.Database
	out, err := e.Clients.RDS.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &name})
	if isCode(err, "DBClusterNotFoundFault") || err == nil && len(out.DBClusters) == 0 {
		return []Finding{{Verdict: Fault, Subject: name, Found: "there is no such cluster", Want: "a cluster", Mend: applyData}}, nil
	}
	if err != nil {
		return nil, err
	}
	c := &out.DBClusters[0]
	status := compare(name, "the status", aws.ToString(c.Status), "available", "wait until it is available, or look at its events")
	if status.Verdict != OK {
		status.Verdict = Warning // it may be changed, or saved, and serve meanwhile
	}
	has := "not set"
	if s := c.ServerlessV2ScalingConfiguration; s != nil {
		has = fmt.Sprintf("%g to %g ACU", aws.ToFloat64(s.MinCapacity), aws.ToFloat64(s.MaxCapacity))
	}
	findings := []Finding{status, compare(name, "the capacity", has, fmt.Sprintf("%g to %g ACU", d.MinACU, d.MaxACU), applyData)}
	if len(c.EnabledCloudwatchLogsExports) == 0 {
		findings = append(findings, Finding{Verdict: Warning, Subject: name, Found: "it exports no log", Want: "postgresql to " + e.pipeline.DatabaseLogGroup(), Why: "deadlocks and slow statements are nowhere to be seen", Mend: applyData})
	}
	return findings, nil
}
