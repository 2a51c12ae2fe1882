//go:build unix

package collectorcheck_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

// series is what one request of Prometheus' remote write has of a series.
type series struct {
	labels    map[string]string
	samples   int
	last      float64
	exemplars int
}

// Fields of the messages of "Prometheus Remote-Write 1.0 specification".
const (
	requestSeries = 1 // of WriteRequest

	seriesLabels    = 1 // of TimeSeries
	seriesSamples   = 2
	seriesExemplars = 3

	labelName  = 1 // of Label
	labelValue = 2

	sampleValue = 1 // of Sample
)

func readRemoteWrite(header http.Header, body []byte) ([]series, error) {
	for name, want := range map[string]string{
		"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0",
	} {
		if got := header.Get(name); got != want {
			return nil, fmt.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	message, err := unsnappy(body)
	if err != nil {
		return nil, err
	}
	var all []series
	err = fields(message, func(number protowire.Number, value []byte) error {
		if number != requestSeries {
			return nil
		}
		s, err := readSeries(value)
		all = append(all, s)
		return err
	})
	return all, err
}

func readSeries(message []byte) (series, error) {
	s := series{labels: map[string]string{}}
	err := fields(message, func(number protowire.Number, value []byte) error {
		switch int(number) {
		case seriesLabels:
			var label [3]string
			err := fields(value, func(number protowire.Number, value []byte) error {
				if number == labelName || number == labelValue {
					label[number] = string(value)
				}
				return nil
			})
			s.labels[label[labelName]] = label[labelValue]
			return err
		case seriesSamples:
			s.samples++
			s.last = 0
			return fields(value, func(number protowire.Number, value []byte) error {
				if number == sampleValue && len(value) == 8 {
					s.last = math.Float64frombits(binary.LittleEndian.Uint64(value))
				}
				return nil
			})
		case seriesExemplars:
			s.exemplars++
		}
		return nil
	})
	return s, err
}

// fields calls take for each field of a message: with the content of one that has
// a length, and with the bytes of any other.
func fields(message []byte, take func(number protowire.Number, value []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("the message is not protobuf: %w", protowire.ParseError(n))
		}
		message = message[n:]
		n = protowire.ConsumeFieldValue(number, kind, message)
		if n < 0 {
			return fmt.Errorf("the message is not protobuf: %w", protowire.ParseError(n))
		}
		value := message[:n]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if err := take(number, value); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}

var errSnappy = errors.New("the body is not snappy, or larger than this test takes")

// unsnappy reads snappy's block format (format_description.txt of google/snappy).
// Nothing else here needs it, which is why there is no library for it.
func unsnappy(in []byte) ([]byte, error) {
	const limit = 16 * mib
	size, n := binary.Uvarint(in)
	if n <= 0 || size > limit {
		return nil, errSnappy
	}
	in = in[n:]
	out := make([]byte, 0, size)
	for len(in) > 0 {
		var length, offset int
		switch tag := in[0]; tag & 3 {
		case 0: // as it is
			length, in = literal(in)
			if length > len(in) || length > cap(out)-len(out) {
				return nil, errSnappy
			}
			out, in = append(out, in[:length]...), in[length:]
			continue
		case 1: // what came before, up to 2 KiB back
			if len(in) < 2 {
				return nil, errSnappy
			}
			length, offset, in = 4+int(tag>>2&7), int(tag>>5)<<8|int(in[1]), in[2:]
		case 2:
			if len(in) < 3 {
				return nil, errSnappy
			}
			length, offset, in = 1+int(tag>>2), int(binary.LittleEndian.Uint16(in[1:])), in[3:]
		default:
			if len(in) < 5 {
				return nil, errSnappy
			}
			length, offset, in = 1+int(tag>>2), int(binary.LittleEndian.Uint32(in[1:])), in[5:]
		}
		if offset <= 0 || offset > len(out) || length > cap(out)-len(out) {
			return nil, errSnappy
		}
		for range length { // they may overlap
			out = append(out, out[len(out)-offset])
		}
	}
	if len(out) != int(size) {
		return nil, errSnappy
	}
	return out, nil
}

// literal reads the length of one, which is beyond all bounds if it is cut off.
func literal(in []byte) (length int, rest []byte) {
	length = int(in[0] >> 2)
	in = in[1:]
	if length < 60 {
		return length + 1, in
	}
	size := length - 59
	if len(in) < size {
		return math.MaxInt32, nil
	}
	length = 0
	for i := range size {
		length |= int(in[i]) << (8 * i)
	}
	return length + 1, in[size:]
}

func TestUnsnappy(t *testing.T) {
	long := make([]byte, 300)
	for name, tc := range map[string]struct {
		in   []byte
		want []byte
		fail bool
	}{
		"Empty":             {in: []byte{0}, want: []byte{}},
		"Literal":           {in: []byte("\x03\x08abc"), want: []byte("abc")},
		"Copy1_Overlapping": {in: []byte("\x06\x00a\x05\x01"), want: []byte("aaaaaa")},
		"Copy2":             {in: []byte("\x06\x08abc\x0a\x03\x00"), want: []byte("abcabc")},
		"Copy4":             {in: []byte("\x06\x08abc\x0b\x03\x00\x00\x00"), want: []byte("abcabc")},
		"Literal_TwoBytes":  {in: append([]byte{0xac, 0x02, 61 << 2, 0x2b, 0x01}, long...), want: long},
		"CutOff":            {in: []byte("\x03\x08ab"), fail: true},
		"CopyFromBefore":    {in: []byte("\x06\x08abc\x0a\x04\x00"), fail: true},
		"TooLittle":         {in: []byte("\x04\x08abc"), fail: true},
		"TooMuch":           {in: []byte("\x02\x08abc"), fail: true},
		"Huge":              {in: []byte("\xff\xff\xff\xff\x7f"), fail: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unsnappy(tc.in)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.fail {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzReadRemoteWrite(f *testing.F) {
	f.Add([]byte("\x03\x08abc"))
	f.Add([]byte("\x06\x00a\x05\x01"))
	header := http.Header{}
	header.Set("Content-Encoding", "snappy")
	header.Set("Content-Type", "application/x-protobuf")
	header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := readRemoteWrite(header, body)
		for _, s := range all {
			if err == nil && s.labels == nil {
				t.Error("a series without labels to read")
			}
		}
	})
}
