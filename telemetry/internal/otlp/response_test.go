package otlp_test

import (
	"testing"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

func TestParseResponse(t *testing.T) {
	encode := func(r *collector.ExportTraceServiceResponse) string {
		b, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	tests := map[string]struct {
		body    string
		want    otlp.PartialSuccess
		wantErr bool
	}{
		"Empty_Success":   {body: ""},
		"Success_Success": {body: encode(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{}})},
		"Rejected_Partial": {
			body: encode(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: 300, ErrorMessage: "too old"}}),
			want: otlp.PartialSuccess{Rejected: 300, Message: "too old"},
		},
		"Warning_Partial": {
			body: encode(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{ErrorMessage: "slow down"}}),
			want: otlp.PartialSuccess{Message: "slow down"},
		},
		"UnknownFields_Ignored": {body: "\x12\x01x\x18\x05\x21\x00\x00\x00\x00\x00\x00\x00\x00\x2d\x00\x00\x00\x00"},
		"HTML_Error":            {body: "<html>it works</html>", wantErr: true},
		"LengthBeyondEnd_Error": {body: "\x0a\x7f\x08\x01", wantErr: true},
		"HugeLength_Error":      {body: "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", wantErr: true},
		"CutVarint_Error":       {body: "\x08\x80", wantErr: true},
		"GroupWireType_Error":   {body: "\x0b\x0c", wantErr: true},
		"FieldZero_Error":       {body: "\x02\x00", wantErr: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := otlp.ParseResponse([]byte(tc.body))
			if (err != nil) != tc.wantErr {
				t.Fatalf("error %v, want one: %t", err, tc.wantErr)
			}
			if !tc.wantErr && got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestParseStatus_Message_Read(t *testing.T) {
	// google.rpc.Status{code: 8, message: "no room"}
	got, err := otlp.ParseStatus([]byte("\x08\x08\x12\x07no room"))
	if err != nil || got != "no room" {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzParseStatus: a collector's refusal never makes the parser panic, and what
// protobuf's own decoder accepts is read the same way.
func FuzzParseStatus(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\x08\x08\x12\x07no room"))
	f.Add([]byte("<html>"))
	f.Add([]byte("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := otlp.ParseStatus(b)
		var want status.Status
		if proto.Unmarshal(b, &want) != nil || err != nil {
			return
		}
		if got != want.GetMessage() {
			t.Errorf("message %q, want %q", got, want.GetMessage())
		}
	})
}

// FuzzParseResponse: a collector's answer never makes the parser panic, and
// what protobuf's own decoder accepts is read the same way.
func FuzzParseResponse(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\x0a\x06\x08\x02\x12\x02no"))
	f.Add([]byte("<html>"))
	f.Add([]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := otlp.ParseResponse(b)
		var want collector.ExportTraceServiceResponse
		if proto.Unmarshal(b, &want) != nil {
			return
		}
		if err != nil {
			return // protobuf accepts groups, which no OTLP message has
		}
		if n := want.GetPartialSuccess().GetRejectedSpans(); got.Rejected != n {
			t.Errorf("%d rejected, want %d", got.Rejected, n)
		}
		if m := want.GetPartialSuccess().GetErrorMessage(); got.Message != m {
			t.Errorf("message %q, want %q", got.Message, m)
		}
	})
}
