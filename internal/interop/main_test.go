package interop_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/unchecked"
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

// javascript returns the other end. Without node the test is skipped, loudly,
// or fails where everything has to run.
func javascript(t *testing.T) *node {
	t.Helper()
	n, err := shared.node()
	switch {
	case errors.Is(err, errNoNode):
		unchecked.Skip(t, "interop", "there is no OpenTelemetry JavaScript: "+err.Error())
	case err != nil:
		t.Fatal(err)
	}
	unchecked.Checked(t, "interop")
	return n
}
