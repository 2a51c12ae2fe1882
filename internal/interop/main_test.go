package interop_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// shared is what all tests of the package have in common: the local cloud and,
// from the first test that needs it, one node.
var shared struct {
	broker         *messaging.Broker
	snsURL, sqsURL string
	node           func() (*node, error)
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	// Every test has its own queues, and may run many times.
	shared.broker = messaging.New(messaging.Config{MaxQueues: 10_000, MaxTopics: 10_000})
	defer shared.broker.Close()
	sns, sqs := httptest.NewServer(shared.broker.SNS()), httptest.NewServer(shared.broker.SQS())
	defer sns.Close()
	defer sqs.Close()
	shared.snsURL, shared.sqsURL = sns.URL, sqs.URL

	var started *node
	shared.node = sync.OnceValues(func() (*node, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute) // npm may have to fetch all
		defer cancel()
		if err := findNode(ctx); err != nil {
			return nil, err
		}
		var err error
		started, err = startNode(ctx, sns.URL, sqs.URL)
		return started, err
	})
	code := m.Run()
	if started != nil {
		if err := started.stop(); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// skipped is where `make ci` looks for checks that could not be made.
var skipped = filepath.Join("..", "..", "dist", "skipped-interop")

// javascript returns the other end. Without node the test is skipped, loudly,
// or fails where everything has to run.
func javascript(t *testing.T) *node {
	t.Helper()
	n, err := shared.node()
	if err == nil {
		_ = os.Remove(skipped)
		return n
	}
	if !errors.Is(err, errNoNode) || os.Getenv("CI_REQUIRE") != "" || os.Getenv("GITHUB_ACTIONS") != "" {
		t.Fatal(err)
	}
	text := fmt.Sprintf("\n!! internal/interop: NOTHING WAS TRIED with OpenTelemetry JavaScript: %v\n"+
		"!! With CI_REQUIRE=1 this fails.\n\n", err)
	if os.MkdirAll(filepath.Dir(skipped), 0o750) == nil {
		_ = os.WriteFile(skipped, []byte(text), 0o600)
	}
	t.Skip(text)
	return nil
}
