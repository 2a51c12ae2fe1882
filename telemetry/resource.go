package telemetry

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/internal/awsresource"
)

// newResource puts together what the program knows of itself. Later sources
// win: the process, ECS, Config.Resource, and the fields that have a name of
// their own.
func newResource(ctx context.Context, c Config) (*resource.Resource, error) {
	if c.ForeignResource {
		return withNames(library(), c), nil
	}
	attrs := append(process(), library()...)
	if c.ServiceVersion == "" { // else nobody asks what the build says, and reading it takes a while
		attrs = append(attrs, build()...)
	}
	var err error
	if c.ECSMetadataURI != "" {
		ctx, cancel := context.WithTimeout(ctx, c.DetectTimeout)
		defer cancel()
		var ecs []attribute.KeyValue
		ecs, err = awsresource.ECS(ctx, c.ECSMetadataURI)
		attrs = append(attrs, ecs...)
	}
	return withNames(attrs, c), err
}

// withNames adds what the configuration says to what was detected.
func withNames(attrs []attribute.KeyValue, c Config) *resource.Resource {
	attrs = append(attrs, c.Resource...)
	for key, value := range map[attribute.Key]string{
		semconv.ServiceNameKey:               c.ServiceName,
		semconv.ServiceVersionKey:            c.ServiceVersion,
		semconv.DeploymentEnvironmentNameKey: c.Environment,
	} {
		if value != "" {
			attrs = append(attrs, key.String(value))
		}
	}
	set := attribute.NewSet(attrs...)
	if !set.HasValue(semconv.ServiceNameKey) {
		attrs = append(attrs, semconv.ServiceName(defaultServiceName(&set)))
	}
	return resource.NewWithAttributes(semconv.SchemaURL, attrs...)
}

// defaultServiceName is the function's name on Lambda, and elsewhere what the
// conventions want.
func defaultServiceName(set *attribute.Set) string {
	if name, ok := set.Value(semconv.FaaSNameKey); ok {
		return name.AsString()
	}
	return "unknown_service:" + filepath.Base(os.Args[0])
}

func process() []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.ServiceInstanceID(instanceID()),
		semconv.ProcessPID(os.Getpid()),
		semconv.ProcessExecutableName(filepath.Base(os.Args[0])),
		semconv.ProcessRuntimeName("go"),
		semconv.ProcessRuntimeVersion(runtime.Version()),
	}
}

// library is what the telemetry was made with.
func library() []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.TelemetrySDKName("opentelemetry"),
		semconv.TelemetrySDKLanguageGo,
		semconv.TelemetrySDKVersion(sdk.Version()),
		semconv.TelemetryDistroName("tracehaul"),
	}
}

// build is what the go command recorded.
func build() []attribute.KeyValue {
	if revision := buildRevision(); revision != "" {
		return []attribute.KeyValue{semconv.ServiceVersion(revision)}
	}
	return nil
}

// instanceID is a random UUID, version 4 of RFC 9562: what the conventions
// recommend for service.instance.id where nothing inherent is unique.
func instanceID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// buildRevision is the commit that the program was built from, if the go tool
// stamped it.
func buildRevision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}
