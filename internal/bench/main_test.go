package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets this test be the other processes of a measurement, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && strings.HasPrefix(os.Args[1], rolePrefix) {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// What needs no program to be built is run as it is.
func TestRun_Quick_MeasuresAll(t *testing.T) {
	profiles := t.TempDir()
	var out, errors strings.Builder
	code := run(t.Context(), []string{
		"-quick", "-rounds", "1", "-profiles", profiles, "-only", "^(service|message|consumer|calls)$",
	}, strings.NewReader(""), &out, &errors)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, errors.String())
	}
	t.Logf("\n%s", out.String())
	aims := 0
	for l := range strings.Lines(out.String()) {
		if strings.Contains(l, "NaN") || strings.Contains(l, "Inf") {
			t.Errorf("not measured: %s", l)
		}
		if strings.HasSuffix(strings.TrimSpace(l), "reached") || strings.HasSuffix(strings.TrimSpace(l), "missed") {
			aims++
		}
	}
	if want := 6 + 2 + 3 + 1; aims != want {
		t.Errorf("%d lines have a verdict, want %d", aims, want)
	}
	for _, name := range []string{"service-bare.cpu", "service-all-sampled.cpu", "service-tenth-sampled.cpu", "consumer.cpu"} {
		if info, err := os.Stat(filepath.Join(profiles, name+".pprof")); err != nil || info.Size() == 0 {
			t.Errorf("no profile %s: %v", name, err)
		}
	}
}

func TestRun_CalledTheWrongWay_SaysHow(t *testing.T) {
	for _, args := range [][]string{{"-only", "("}, {"service"}, {"-rounds", "-1"}, {"-no"}} {
		var out strings.Builder
		if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &out); code != 2 || !strings.Contains(out.String(), "usage: bench") {
			t.Errorf("%v: exit code %d\n%s", args, code, out.String())
		}
	}
}

func TestRun_CannotMeasure_Fails(t *testing.T) {
	var out strings.Builder
	code := run(t.Context(), []string{"-quick", "-only", "service", "-profiles", filepath.Join(t.TempDir(), "missing")},
		strings.NewReader(""), io.Discard, &out)
	if code != 1 || !strings.Contains(out.String(), "bench: service: ") {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
}

func TestTimeToReady_BareLambda_IsMeasured(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	file, err := b.program(t.Context(), bareProgram)
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := timeToReady(t.Context(), file, lambdaEnvironment())
	if err != nil || seconds <= 0 || seconds > initTimeout.Seconds() {
		t.Errorf("%v s, %v", seconds, err)
	}
}

func TestTimeToReady_ProgramEnds_Fails(t *testing.T) {
	file, err := exec.LookPath("false")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := timeToReady(t.Context(), file, nil); err == nil || !strings.Contains(err.Error(), "ended before it was ready") {
		t.Errorf("error is %v", err)
	}
}
