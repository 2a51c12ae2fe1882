package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Alias is the alias of a consumer's function that its queue invokes.
const Alias = "live"

// Config says what is deployed where, and how long to wait for it.
type Config struct {
	// Alarms are those of the pipeline that is deployed. Required.
	Alarms *alarms.Set

	// AWS is what the clients are made from. Throttled calls are repeated as its
	// retryer says.
	AWS aws.Config

	// Application is CodeDeploy's application for consumers. Defaults to the name
	// of the function.
	Application string

	// Group is the deployment group in the application. Defaults to the name of
	// the function.
	Group string

	// Since is when the deploy began: older deployments are not its own. Defaults
	// to a week ago.
	Since time.Time

	// Start is how long a deployment may take to appear. Defaults to 5 minutes.
	Start time.Duration

	// Timeout is how long a verdict is waited for. Defaults to the bake times in
	// the description and 25 minutes.
	Timeout time.Duration

	// Poll is the time between two looks. Defaults to 15 seconds.
	Poll time.Duration

	// Progress gets a line when something moves, and every minute. Defaults to
	// nothing.
	Progress io.Writer

	// Now is the clock. Defaults to [time.Now].
	Now func() time.Time

	sleep func(context.Context, time.Duration) error
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Since.IsZero() {
		c.Since = c.Now().Add(-7 * 24 * time.Hour)
	}
	if c.Start <= 0 {
		c.Start = 5 * time.Minute
	}
	if c.Timeout <= 0 && c.Alarms != nil {
		d := c.Alarms.Pipeline.Deploy
		c.Timeout = d.CanaryBake + d.Bake + 25*time.Minute
	}
	if c.Poll <= 0 {
		c.Poll = 15 * time.Second
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	return c
}

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	if c.Alarms == nil || c.Alarms.Pipeline == nil {
		return errors.New("deploy: no alarms: want those of the pipeline that is deployed")
	}
	return nil
}

// sleep waits, or returns the error of a context that ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// deployer is a Config at work.
type deployer struct {
	Config

	pipeline   *pipeline.Pipeline
	cloudwatch *cloudwatch.Client
	ecs        *ecs.Client
	lambda     *lambda.Client
	codedeploy *codedeploy.Client

	versionsOf map[string][]string // of task definitions, which do not change
}

func newDeployer(c Config) (*deployer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	return &deployer{
		Config: c, pipeline: c.Alarms.Pipeline,
		cloudwatch: cloudwatch.NewFromConfig(c.AWS), ecs: ecs.NewFromConfig(c.AWS),
		lambda: lambda.NewFromConfig(c.AWS), codedeploy: codedeploy.NewFromConfig(c.AWS),
		versionsOf: map[string][]string{},
	}, nil
}

// component is what is deployed at once: the service, or a consumer.
type component struct {
	name     string
	consumer *pipeline.Consumer // nil for the service
}

// Components are the names of what can be deployed: the service first, then the
// consumers.
func Components(p *pipeline.Pipeline) []string {
	names := []string{p.Service.Name}
	for i := range p.Consumers {
		names = append(names, p.Consumers[i].Name)
	}
	return names
}

func (d *deployer) component(name string) (component, error) {
	if name == d.pipeline.Service.Name {
		return component{name: name}, nil
	}
	if c := d.pipeline.Consumer(name); c != nil {
		return component{name, c}, nil
	}
	return component{}, fmt.Errorf("component %q: want one of %s", name, strings.Join(Components(d.pipeline), ", "))
}

// codeDeploy names the application and the group that move a function's alias.
func (d *deployer) codeDeploy(function string) (application, group string) {
	application, group = d.Application, d.Group
	if application == "" {
		application = function
	}
	if group == "" {
		group = function
	}
	return application, group
}
