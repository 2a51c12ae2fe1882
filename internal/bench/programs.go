package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tracehaul/tracehaul/internal/program"
)

// program builds a command of this module as it is deployed, once, and
// returns its file.
func (b *bench) program(ctx context.Context, path string) (string, error) {
	if file, ok := b.programs[path]; ok {
		return file, nil
	}
	file := filepath.Join(b.dir, filepath.Base(path))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -buildid= -X main.version=bench", "-tags", "lambda.norpc", "-o", file, program.Module+"/"+path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") //nolint:forbidigo // the go command needs the user's environment
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", path, err, bytes.TrimSpace(output))
	}
	if b.programs == nil {
		b.programs = make(map[string]string)
	}
	b.programs[path] = file
	return file, nil
}

// The programs that are compared.
const (
	serviceProgram  = "cmd/service"
	consumerProgram = "cmd/consumer"
	bareProgram     = "internal/bench/barelambda"
	naiveProgram    = "internal/bench/naivelambda"
)

// measureSize compares the sizes of programs.
func measureSize(ctx context.Context, b *bench) ([]line, error) {
	sizes := make(map[string]float64)
	for _, path := range []string{serviceProgram, consumerProgram, bareProgram, naiveProgram} {
		file, err := b.program(ctx, path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		sizes[path] = float64(info.Size()) / 1e6
	}
	against := func(what, subject, base string, a aim) line {
		return line{what: what, measured: ratio([]float64{sizes[subject]}, []float64{sizes[base]}), unit: "MB", aim: a}
	}
	return []line{
		against("size of the consumer / naive Lambda", consumerProgram, naiveProgram, atMost(.65)),
		against("size of the consumer / bare Lambda", consumerProgram, bareProgram, aim{}),
		{what: "size of the service", measured: single([]float64{sizes[serviceProgram]}), unit: "MB", single: true},
	}, nil
}

// measureInit compares how long Lambdas take until they are ready.
func measureInit(ctx context.Context, b *bench) ([]line, error) {
	var starts []func() (float64, error)
	for _, path := range []string{consumerProgram, bareProgram, naiveProgram} {
		file, err := b.program(ctx, path)
		if err != nil {
			return nil, err
		}
		starts = append(starts, func() (float64, error) {
			seconds, err := timeToReady(ctx, file, lambdaEnvironment())
			return seconds * 1000, err
		})
	}
	got, err := interleave(b.rounds(41), starts...)
	if err != nil {
		return nil, err
	}
	return []line{
		{what: "init of the consumer / bare Lambda", measured: ratio(got[0], got[1]), unit: "ms", aim: atMost(1.8)},
		{what: "init of the naive Lambda / bare Lambda", measured: ratio(got[2], got[1]), unit: "ms"},
	}, nil
}
