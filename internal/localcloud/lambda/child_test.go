//go:build unix

package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/goleak"
)

// TestMain makes this test binary a Lambda function when it is started as one:
// a real program that is linked with aws-lambda-go.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("AWS_LAMBDA_RUNTIME_API") != "":
		child()
	case os.Getenv(parentEnv) != "":
		parent()
	default:
		goleak.VerifyTestMain(m)
	}
}

// child is the function. CHILD says how it starts.
func child() {
	switch os.Getenv("CHILD") {
	case "exits in init":
		os.Exit(3)
	case "hangs in init":
		select {}
	case "forgets its extension":
		post("/2020-01-01/extension/register", `{"events":[]}`)
		awslambda.StartWithOptions(handle)
	case "reports an init error":
		post("/2018-06-01/runtime/init/error", `{"errorType":"Runtime.BadConfig","errorMessage":"no table"}`)
		os.Exit(1)
	case "sigterm":
		awslambda.StartWithOptions(handle, awslambda.WithEnableSIGTERM(func() {
			fmt.Println("flushed")
			os.Exit(0)
		}))
	case "listens in vain":
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGTERM)
		go func() {
			<-told
			fmt.Println("told")
		}()
		awslambda.StartWithOptions(handle)
	case "slow sigterm":
		awslambda.StartWithOptions(handle, awslambda.WithEnableSIGTERM(func() {
			fmt.Println("flushing")
			time.Sleep(time.Minute)
		}))
	default:
		awslambda.StartWithOptions(handle)
	}
}

// seen is what the function tells about itself.
type seen struct {
	PID         int
	RequestID   string
	ARN         string
	Trace       string
	Deadline    time.Time
	HasDeadline bool
	Env         []string
	Dir         string
	Gap         time.Duration // the longest between two ticks
	Answers     []string
}

// lastTick and gap are what a ticking function notices.
var lastTick, gap atomic.Int64

func tick() {
	now := time.Now().UnixNano()
	if last := lastTick.Swap(now); last != 0 {
		gap.Store(max(gap.Load(), now-last))
	}
}

// handle does what the payload asks for.
func handle(ctx context.Context, payload json.RawMessage) (any, error) {
	if bytes.Contains(payload, []byte(`"Records"`)) {
		return handleRecords(payload)
	}
	var command string
	if err := json.Unmarshal(payload, &command); err != nil {
		return nil, err
	}
	do, arg, _ := strings.Cut(command, " ")
	switch do {
	case "tell":
		dir, _ := os.Getwd()
		tick()
		s := seen{PID: os.Getpid(), Env: os.Environ(), Dir: dir, Gap: time.Duration(gap.Load())}
		lc, _ := lambdacontext.FromContext(ctx)
		s.RequestID, s.ARN = lc.AwsRequestID, lc.InvokedFunctionArn
		s.Trace, _ = ctx.Value("x-amzn-trace-id").(string)
		s.Deadline, s.HasDeadline = ctx.Deadline()
		return s, nil
	case "tick":
		tick()
		go func() {
			for range time.Tick(time.Millisecond) {
				tick()
			}
		}()
		return nil, nil
	case "fail":
		return nil, errors.New(arg)
	case "panic":
		panic(arg)
	case "exit":
		os.Exit(7)
	case "sleep":
		d, err := time.ParseDuration(arg)
		if err != nil {
			return nil, err
		}
		time.Sleep(d)
	case "hold":
		return seen{PID: os.Getpid()}, hold(arg)
	case "print":
		fmt.Print("one\ntwo\r\n\nlast without an end")
		fmt.Fprintln(os.Stderr, strings.Repeat("x", maxLine+1))
	case "take":
		return nil, take(arg)
	case "large":
		return strings.Repeat("x", maxPayload), nil
	case "stream":
		return io.MultiReader(strings.NewReader("half"), failingReader{}), nil
	case "misuse":
		misuse(ctx)
	}
	return nil, nil
}

// hold leaves a file in a directory of a [gate], and returns once that opens.
func hold(dir string) error {
	if _, err := os.CreateTemp(dir, "held"); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, gateOpen)); err == nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

// take has 200 MiB in memory for a while.
func take(arg string) error {
	d, err := time.ParseDuration(arg)
	if err != nil {
		return err
	}
	taken := make([]byte, 200<<20)
	for i := 0; i < len(taken); i += os.Getpagesize() {
		taken[i] = 1
	}
	time.Sleep(d)
	runtime.KeepAlive(taken)
	return nil
}

// handleRecords prints an event and answers as RESPONSE says. A record whose
// body is "sleep <duration>" takes that long, "hold <directory>" waits for a
// gate, "error" fails the invocation.
func handleRecords(payload []byte) (any, error) {
	var e struct {
		Records []struct{ MessageID, Body string }
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	if os.Getenv("PRINT") != "" {
		fmt.Printf("%s\n", payload)
	}
	type item struct {
		ItemIdentifier string `json:"itemIdentifier"`
	}
	failures := []item{}
	for _, r := range e.Records {
		do, arg, _ := strings.Cut(r.Body, " ")
		switch do {
		case "sleep":
			d, err := time.ParseDuration(arg)
			if err != nil {
				return nil, err
			}
			time.Sleep(d)
		case "hold":
			if err := hold(arg); err != nil {
				return nil, err
			}
		case "error":
			return nil, errors.New("the whole batch")
		case "fail":
			failures = append(failures, item{r.MessageID})
		}
	}
	if response := os.Getenv("RESPONSE"); response != "" {
		return json.RawMessage(response), nil
	}
	return map[string]any{"batchItemFailures": failures}, nil
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("the other half is lost") }

// misuse calls the Runtime API in ways that it refuses, and answers the
// invocation itself with what it was told. aws-lambda-go's own answer then is
// one too many.
func misuse(ctx context.Context) {
	lc, _ := lambdacontext.FromContext(ctx)
	answers, _ := json.Marshal(seen{Answers: []string{ //nolint:errchkjson // strings
		post("/2018-06-01/runtime/invocation/unknown/response", "{}"),
		post("/2018-06-01/runtime/invocation/unknown/error", "{}"),
		post("/2020-01-01/extension/register", `{"events":[]}`),
		post("/2020-01-01/extension/register", `{"events":["SHUTDOWN"]}`),
		post("/2020-01-01/extension/register", `{"events":["INVOKE"]}`),
		post("/2020-01-01/extension/register", `[]`),
		post("/2022-07-01/telemetry", "{}"),
	}})
	post("/2018-06-01/runtime/invocation/"+lc.AwsRequestID+"/response", string(answers))
}

// post calls the Runtime API and returns the status and the body.
func post(path, body string) string {
	q, err := http.NewRequest(http.MethodPost, "http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+path, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	q.Header.Set(headerExtensionName, "test")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return fmt.Sprintf("%d %s", answer.StatusCode, bytes.TrimSpace(b))
}
