// Command service takes events over HTTP and publishes them to SNS: package
// service as an ECS task runs it.
//
//	service              serve until SIGTERM
//	service healthcheck  ask the running service whether it is alive
//	service version      print the version
//	service help         list the environment variables
//
// With healthcheck the container image needs no shell and no curl.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tracehaul/tracehaul/internal/memory"
	"github.com/tracehaul/tracehaul/service"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/otlpgrpc"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

// telemetryTimeout bounds sending the last telemetry. Together with
// service.Config.ShutdownTimeout it stays below the 30 seconds of ECS.
const telemetryTimeout = 5 * time.Second

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is main without the process around it. It returns the exit code: 1 if
// something went wrong, 2 if it was called the wrong way.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	command := "serve"
	if len(args) > 0 {
		command = args[0]
	}
	var err error
	switch command {
	case "serve":
		err = serve(ctx, getenv, stdout)
	case "healthcheck":
		err = healthcheck(ctx, getenv)
	case "version":
		_, err = fmt.Fprintln(stdout, currentVersion())
	case "help", "-h", "-help", "--help":
		_, err = io.WriteString(stdout, usage())
	default:
		_, _ = fmt.Fprintf(stderr, "service: unknown command %q\n%s", command, usage())
		return 2
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "service: %v\n", err)
		return 1
	}
	return 0
}

// currentVersion is what the linker was told, else what the go command
// recorded.
func currentVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}

// serve runs the service until a signal comes or ctx ends.
func serve(ctx context.Context, getenv func(string) string, stdout io.Writer) (err error) {
	set, err := settingsFrom(getenv)
	if err != nil {
		return fmt.Errorf("bad settings:\n%w", err)
	}
	memory.Tune(getenv, os.DirFS("/"))
	ctx, restore := untilSignal(ctx)
	defer restore()

	// The topic's ARN has the region, so that nobody has to say it twice.
	awsConfig, err := config.LoadDefaultConfig(ctx, config.WithDefaultRegion(set.region))
	if err != nil {
		return fmt.Errorf("AWS settings: %w", err)
	}
	tel, err := setUpTelemetry(ctx, set, awsConfig, stdout)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), telemetryTimeout)
		defer cancel()
		if e := tel.Shutdown(ctx); e != nil {
			tel.Logger().Warn("the last telemetry was not sent", slog.Any("error", e))
		}
	}()
	awssdk.Instrument(&awsConfig, awssdk.Config{
		TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider(), Budget: set.service.Budget, Logger: tel.Logger(),
	})

	c := set.service
	c.SNS = service.NewSNS(awsConfig)
	c.TracerProvider, c.MeterProvider, c.Propagator, c.Logger = tel.TracerProvider(), tel.MeterProvider(), tel.Propagator(), tel.Logger()
	s, err := service.New(c)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", set.address)
	if err != nil {
		return fmt.Errorf("LISTEN_ADDRESS %q: %w", set.address, err)
	}
	if err := s.Run(ctx, l); err != nil {
		tel.Logger().LogAttrs(ctx, slog.LevelError, "not stopped cleanly", slog.Any("error", err))
		return err
	}
	return nil
}

// untilSignal returns a context that ends with the first signal, or with ctx. By
// then a second signal ends the process at once.
func untilSignal(ctx context.Context) (_ context.Context, restore func()) {
	signalled, restore := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	return endAfter(signalled, restore), restore
}

// endAfter returns a context that ends when ctx has and do has returned.
func endAfter(ctx context.Context, do func()) context.Context {
	after, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		do()
		end()
	})
	return after
}

func setUpTelemetry(ctx context.Context, set settings, awsConfig aws.Config, stdout io.Writer) (*telemetry.Telemetry, error) {
	c := set.telemetry
	c.GRPC = otlpgrpc.Dial
	c.Credentials = awsConfig.Credentials
	c.LogWriter = stdout
	if c.ServiceVersion == "" {
		c.ServiceVersion = version
	}
	tel, err := telemetry.Setup(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	tel.SetGlobal()
	slog.SetDefault(tel.Logger())
	return tel, nil
}
