package alblog_test

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
)

// A file of the access log, entry by entry. What cannot be read is told of, and
// the rest is read.
func ExampleReader() {
	file, err := os.Open("testdata/documented.log")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = file.Close() }()
	r, err := alblog.NewReader(file)
	for err == nil {
		var e alblog.Entry
		err = r.Next(&e)
		if bad, ok := errors.AsType[*alblog.LineError](err); ok {
			fmt.Println(bad)
			err = nil
			continue
		}
		if err == nil {
			fmt.Println(e.Type, e.ELBStatus, e.TargetProcessing, e.LastAction())
		}
	}
	fmt.Println(errors.Is(err, io.EOF))
	// Output:
	// http 200 1ms forward
	// https 200 48ms forward
	// h2 200 2ms redirect
	// ws 101 3ms forward
	// wss 101 1ms forward
	// http 200 1ms forward
	// http 502 1ms forward
	// true
}
