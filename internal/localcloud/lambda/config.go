package lambda

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config describes a function, as CreateFunction does.
type Config struct {
	// Name is the function's name. Required.
	Name string

	// Binary is the program to run. Required.
	Binary string

	// Args are given to it. Lambda gives none. Defaults to none.
	Args []string

	// Env is the function's own environment. Keys that Lambda reserves are
	// refused. Defaults to none.
	Env map[string]string

	// Timeout bounds an invocation: more than 0, up to 15 minutes. Defaults to
	// 3 seconds, as Lambda's.
	Timeout time.Duration

	// InitTimeout bounds the first attempt to start a sandbox; a second one
	// has Timeout. Defaults to 10 seconds, as Lambda's.
	InitTimeout time.Duration

	// ShutdownGrace is the time between SIGTERM and SIGKILL for a function with
	// an internal extension; without any extension there is none. Defaults to
	// 500 ms, as Lambda's ("Understanding the Lambda execution environment
	// lifecycle", "Shutdown phase": 0 ms, 500 ms, and 2,000 ms with external
	// extensions, which do not exist here).
	ShutdownGrace time.Duration

	// MemoryMB is told to the function: 128 to 10,240. Defaults to 128.
	MemoryMB int

	// EnforceMemory kills a sandbox that takes more than MemoryMB, as Lambda
	// does. It looks every few milliseconds, and only on Linux. Defaults to
	// false.
	EnforceMemory bool

	// ClockOffset is how far the clock of the sandboxes' host is ahead of
	// ours: deadlines are told by it. Defaults to 0.
	ClockOffset time.Duration

	// Sandboxes is the most sandboxes at once: the function's reserved
	// concurrency. Further invocations wait. Defaults to 2.
	Sandboxes int

	// PerSandbox is how many invocations a sandbox gets at once, as on Lambda
	// Managed Instances (AWS_LAMBDA_MAX_CONCURRENCY). Defaults to 1.
	PerSandbox int

	// NoFreeze lets a sandbox run between invocations. Lambda freezes it.
	// Defaults to false.
	NoFreeze bool

	// Region and AccountID are those of the function's ARN. Default to
	// eu-west-1 and 000000000000.
	Region, AccountID string

	// Credentials are the function's. Defaults to made-up ones, which a local
	// cloud takes.
	Credentials aws.Credentials

	// Fault is asked at every [Moment] of every invocation what goes wrong. It
	// may take its time: the invocation waits. It is called from several
	// goroutines. Defaults to nothing going wrong.
	Fault func(Moment) Fault

	// Output gets every line the function writes. It is called from several
	// goroutines. Defaults to nothing.
	Output func(Line)

	// Report is called after every invocation, from several goroutines.
	// Defaults to nothing.
	Report func(Report)
}

// Line is one line of a function's output.
type Line struct {
	Time      time.Time
	Stream    string // stdout or stderr
	LogStream string // names the sandbox, as CloudWatch Logs does
	Text      string
}

// Report says how an invocation went, like the REPORT line in CloudWatch Logs.
type Report struct {
	RequestID    string
	LogStream    string        // names the sandbox
	Duration     time.Duration // of the invocation
	InitDuration time.Duration // of the start of the sandbox; 0 unless this is its first invocation
	ErrorType    string        // empty if it succeeded
}

// WithDefaults fills in every field that has a default.
func (c Config) WithDefaults() Config {
	setDefault(&c.Timeout, 3*time.Second)
	setDefault(&c.InitTimeout, 10*time.Second)
	setDefault(&c.ShutdownGrace, 500*time.Millisecond)
	setDefault(&c.MemoryMB, 128)
	setDefault(&c.Sandboxes, 2)
	setDefault(&c.PerSandbox, 1)
	setDefault(&c.Region, "eu-west-1")
	setDefault(&c.AccountID, "000000000000")
	if !c.Credentials.HasKeys() {
		c.Credentials = aws.Credentials{AccessKeyID: "AKIDLOCAL", SecretAccessKey: "local", SessionToken: "local"}
	}
	if c.Output == nil {
		c.Output = func(Line) {}
	}
	if c.Fault == nil {
		c.Fault = func(Moment) Fault { return FaultNone }
	}
	if c.Report == nil {
		c.Report = func(Report) {}
	}
	return c
}

// functionName is what CreateFunction accepts for a name without an ARN.
var functionName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	var errs []error
	if !functionName.MatchString(c.Name) {
		errs = append(errs, fmt.Errorf("name %q: want 1 to 64 letters, digits, hyphens and underscores", c.Name))
	}
	if info, err := os.Stat(c.Binary); err != nil {
		errs = append(errs, fmt.Errorf("binary: %w", err))
	} else if info.IsDir() || info.Mode()&0o111 == 0 {
		errs = append(errs, fmt.Errorf("binary %s: %w: not an executable file", c.Binary, fs.ErrInvalid))
	}
	if c.Timeout < 0 || c.Timeout > 15*time.Minute {
		errs = append(errs, fmt.Errorf("timeout %v: want up to 15m", c.Timeout))
	}
	if c.InitTimeout < 0 {
		errs = append(errs, fmt.Errorf("init timeout %v: want more than 0", c.InitTimeout))
	}
	if c.ShutdownGrace < 0 {
		errs = append(errs, fmt.Errorf("shutdown grace %v: want more than 0", c.ShutdownGrace))
	}
	if c.MemoryMB != 0 && (c.MemoryMB < 128 || c.MemoryMB > 10_240) {
		errs = append(errs, fmt.Errorf("memory %d MB: want 128 to 10240", c.MemoryMB))
	}
	if c.Sandboxes < 0 || c.PerSandbox < 0 {
		errs = append(errs, fmt.Errorf("sandboxes %d, per sandbox %d: want more than 0", c.Sandboxes, c.PerSandbox))
	}
	for name := range c.Env {
		if reserved(name) {
			errs = append(errs, fmt.Errorf("environment %s: Lambda reserves it", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("lambda: configuration: %w", err)
	}
	return nil
}

// reserved reports whether Lambda keeps a variable for itself ("Using Lambda
// environment variables", "Defined runtime environment variables").
func reserved(name string) bool {
	switch name {
	case "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
		"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR":
		return true
	default:
		return strings.HasPrefix(name, "AWS_LAMBDA_")
	}
}

// version is the only one there is.
const version = "$LATEST"

func (c Config) arn() string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", c.Region, c.AccountID, c.Name)
}

// environment is what a sandbox's process gets, nothing of ours is inherited
// ("Using Lambda environment variables", "Defined runtime environment
// variables"; OS-only runtimes have no AWS_EXECUTION_ENV).
func (c Config) environment(runtimeAPI, logStream string) []string {
	root := filepath.Dir(c.Binary)
	initType := "on-demand"
	if c.PerSandbox > 1 {
		initType = "lambda-managed-instances"
	}
	env := []string{
		"_HANDLER=bootstrap",
		"AWS_REGION=" + c.Region,
		"AWS_DEFAULT_REGION=" + c.Region,
		"AWS_ACCESS_KEY_ID=" + c.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + c.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + c.Credentials.SessionToken,
		"AWS_LAMBDA_RUNTIME_API=" + runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME=" + c.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + version,
		fmt.Sprintf("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%d", c.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE=" + initType,
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + c.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + logStream,
		"LAMBDA_TASK_ROOT=" + root,
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"LANG=en_US.UTF-8",
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"TZ=:UTC",
	}
	if c.PerSandbox > 1 {
		env = append(env, fmt.Sprintf("AWS_LAMBDA_MAX_CONCURRENCY=%d", c.PerSandbox))
	}
	for name, value := range c.Env { // may replace LANG, PATH and TZ, which are not reserved
		env = append(env, name+"="+value)
	}
	return env
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
