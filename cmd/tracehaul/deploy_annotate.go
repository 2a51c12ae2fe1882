package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/deploy"
	"github.com/tracehaul/tracehaul/pipeline"
)

type deployAnnotateCmd struct {
	deployFlags
	Component      string    `complete:"component"                                                                                             help:"The component that is deployed. Defaults to the service."        placeholder:"NAME"`
	Result         string    `complete:"result"                                                                                                help:"What is known of the deploy: started, or the verdict's outcome." placeholder:"RESULT" required:""`
	ServiceVersion string    `help:"What is deployed, such as the commit: service.version in telemetry."                                       placeholder:"SHA"                                                      required:""`
	CommitURL      string    `help:"The commit's address. Defaults to that in the description's repository, if the version looks like one."    placeholder:"URL"`
	RunURL         string    `help:"The job's address: with the version it says which deploy this is. Defaults to that of the workflow's run." placeholder:"URL"`
	Who            string    `help:"Who deploys. Defaults to $$GITHUB_ACTOR."                                                                  placeholder:"NAME"`
	Text           string    `help:"A sentence on what became of it, such as the verdict's output."                                            placeholder:"TEXT"`
	Began          time.Time `help:"When the deploy began (RFC 3339). Defaults to what was written then, or to now."                           placeholder:"TIME"`
	Ended          time.Time `help:"When it ended (RFC 3339). Defaults to now, unless the result is started."                                  placeholder:"TIME"`
}

// Help is shown by --help below the line about the command.
func (deployAnnotateCmd) Help() string {
	return "Call it with --result started when the deploy begins, and with the verdict's outcome when it has ended: the annotation becomes a region. " +
		"A step that runs again writes nothing twice. Grafana's address comes from dashboards.grafana_url in the description, " +
		"the token of a service account from GRAFANA_TOKEN. " +
		"Output: annotation_id." + `

Examples:
  tracehaul deploy annotate -e prod --result started --service-version 4f2a1c9
  tracehaul deploy annotate -e prod --result serving \
    --service-version 4f2a1c9 \
    --text "task definition prod-orders-intake:42 serves"`
}

func (c deployAnnotateCmd) Run(ctx context.Context, env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	token := env.getenv(grafanaTokenVariable)
	switch {
	case token == "":
		return usageError(grafanaTokenVariable + " is not set: want the token of a service account in Grafana")
	case p.Dashboards.GrafanaURL == "":
		return usageError("there is no Grafana to write to: set dashboards.grafana_url for %s", p.Prefix())
	}
	a, err := c.annotation(env, p, time.Now())
	if err == nil {
		err = a.Validate()
	}
	if err != nil {
		return codedError{err, exitUsage}
	}
	w := startProgress(env.err, "writing into Grafana")
	done, err := deploy.Annotate(ctx, p.Dashboards.GrafanaURL, token, a)
	w.done()
	if err != nil {
		return err
	}
	tellGitHub(env, "", []deploy.Output{{Name: "annotation_id", Value: strconv.FormatInt(done.ID, 10)}})
	if c.JSON {
		return encodeJSON(env.out, done)
	}
	_, err = fmt.Fprintf(env.out, "annotation %d is %s: %s of %s in %s: %s\n", done.ID, done.Action, a.Version, a.Component, a.Pipeline, a.Result)
	return err
}

// commitForm is what the address of a commit can be made of.
var commitForm = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// annotation fills in what the workflow and the description know.
func (c deployAnnotateCmd) annotation(env environment, p *pipeline.Pipeline, now time.Time) (deploy.Annotation, error) {
	a := deploy.Annotation{
		Pipeline: p.Prefix(), Component: c.Component, Result: c.Result, Version: c.ServiceVersion,
		Commit: c.CommitURL, Run: c.RunURL, Who: c.Who, Text: c.Text, Began: c.Began, Ended: c.Ended,
	}
	if a.Component == "" {
		a.Component = p.Service.Name
	}
	if a.Commit == "" && p.Repository != "" && commitForm.MatchString(a.Version) {
		a.Commit = p.Repository + "/commit/" + a.Version
	}
	if server, repository, run := env.getenv("GITHUB_SERVER_URL"), env.getenv("GITHUB_REPOSITORY"), env.getenv("GITHUB_RUN_ID"); a.Run == "" && server != "" && repository != "" && run != "" {
		a.Run = server + "/" + repository + "/actions/runs/" + run
	}
	if a.Who == "" {
		a.Who = env.getenv("GITHUB_ACTOR")
	}
	if a.Ended.IsZero() && a.Result != deploy.ResultStarted {
		a.Ended = now
	}
	return a, knownComponents(p, []string{a.Component})
}
