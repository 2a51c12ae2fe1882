package lambda

import (
	"bytes"
	"sync"
	"time"
)

// maxLine is the length at which a line is cut in two: "256 KB (maximum)" per
// event ("CloudWatch Logs quotas").
const maxLine = 256 << 10

// lineWriter hands over what is written to it line by line.
type lineWriter struct {
	output            func(Line)
	stream, logStream string

	mu      sync.Mutex
	pending []byte
}

func newLineWriter(output func(Line), stream, logStream string) *lineWriter {
	return &lineWriter{output: output, stream: stream, logStream: logStream}
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	written := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if room := maxLine - len(w.pending); end > room || end < 0 && len(p) >= room {
			w.pending = append(w.pending, p[:room]...)
			p = p[room:]
			w.hand()
			continue
		}
		if end < 0 {
			w.pending = append(w.pending, p...)
			break
		}
		w.pending = append(w.pending, p[:end]...)
		p = p[end+1:]
		w.hand()
	}
	return written, nil
}

func (w *lineWriter) hand() {
	text := string(bytes.TrimSuffix(w.pending, []byte("\r")))
	w.pending = w.pending[:0]
	w.output(Line{Time: time.Now(), Stream: w.stream, LogStream: w.logStream, Text: text})
}

// flush hands over a last line without an end.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending) > 0 {
		w.hand()
	}
}
