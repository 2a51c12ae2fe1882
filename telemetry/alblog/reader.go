package alblog

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// MaxLineBytes is the longest line that is read. A load balancer takes a
// request line of 16 KB ("Quotas for your Application Load Balancers"), and
// logs it up to three times, beside 8 KB of user agent; each byte may be
// escaped by four.
const MaxLineBytes = 256 << 10

// Reader reads the entries of a log file, one after another, whatever the
// file's length. It is for one goroutine.
type Reader struct {
	in   *bufio.Reader
	long []byte // of a line that is longer than in's buffer
	line int64
	err  error // that ended it
}

// bufferBytes holds nearly every line.
const bufferBytes = 64 << 10

// NewReader reads from r: gzip, of one member or several, as the files in S3
// are, or plain lines. It reads the first bytes, and fails as r does.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, bufferBytes)
	switch magic, err := in.Peek(2); {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("alblog: %w", err)
	case string(magic) != "\x1f\x8b":
		return &Reader{in: in}, nil
	}
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("alblog: gzip: %w", err)
	}
	return &Reader{in: bufio.NewReaderSize(unzipped, bufferBytes)}, nil
}

// Next reads the next entry into e. A line that cannot be read is a
// [*LineError], and the next call goes on behind it. The end is [io.EOF]. Any
// other error is the file's, which breaks off there, and it stays.
func (r *Reader) Next(e *Entry) error {
	for r.err == nil {
		line, long, err := r.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			r.err = fmt.Errorf("alblog: line %d: %w", r.line+1, err)
			break // what there is of the line is not whole
		}
		r.err = err
		if len(line) == 0 && !long {
			if err == nil {
				r.line++
			}
			continue
		}
		r.line++
		if long {
			return &LineError{Line: r.line, Want: "at most " + strconv.Itoa(MaxLineBytes) + " bytes"}
		}
		if err := Parse(string(line), e); err != nil {
			if bad, ok := errors.AsType[*LineError](err); ok {
				bad.Line = r.line
			}
			return err
		}
		return nil
	}
	return r.err
}

// readLine returns the next line without its break, or that it was too long,
// and with the last one the error that ended it.
func (r *Reader) readLine() (line []byte, long bool, err error) {
	line, err = r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = r.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(r.long)+len(line) <= MaxLineBytes {
				r.long = append(r.long, line...)
			} else {
				long = true
			}
			line, err = r.in.ReadSlice('\n')
		}
		if !long {
			r.long = append(r.long, line...)
			line, long = r.long, len(r.long) > MaxLineBytes+len("\r\n")
		}
	}
	if long {
		return nil, true, err
	}
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, false, err
}
