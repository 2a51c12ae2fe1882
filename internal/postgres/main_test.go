//go:build unix

package postgres

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// helperEnv makes the test binary a program that starts a server, says where,
// and waits to be killed or, with "stop", stops it.
const helperEnv = "TRACEHAUL_POSTGRES_TEST_HELPER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperEnv); mode != "" {
		os.Exit(helper(mode))
	}
	goleak.VerifyTestMain(m)
}

func helper(mode string) int {
	s, err := Start(context.Background(), Config{CacheDir: os.Getenv("TRACEHAUL_CACHE")})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(s.private.dir)
	fmt.Println(s.private.port)
	fmt.Println(s.private.id.mode)
	if mode == "wait" {
		time.Sleep(time.Minute)
	}
	if err := s.Stop(context.Background()); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}
