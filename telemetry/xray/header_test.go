package xray_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const (
	root    = "1-67891233-abcdef012345678912345678"
	self    = "1-67891234-12456789abcdef0123456789"
	parent  = "53995c3f42cd8ad8"
	lineage = "a87bd80c:0|68fd508a:5|c512fbe3:2"
)

var (
	rootID   = traceID("67891233abcdef012345678912345678")
	selfID   = traceID("6789123412456789abcdef0123456789")
	parentID = spanID(parent)
)

func traceID(s string) trace.TraceID {
	id, err := trace.TraceIDFromHex(s)
	if err != nil {
		panic(err)
	}
	return id
}

func spanID(s string) trace.SpanID {
	id, err := trace.SpanIDFromHex(s)
	if err != nil {
		panic(err)
	}
	return id
}

func TestParse_EveryDocumentedForm_GivesItsFields(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header string
		want   xray.Header
	}{
		"a load balancer first in the chain": {
			"Root=" + root,
			xray.Header{Root: rootID},
		},
		"a load balancer behind another": {
			"Self=" + self + ";Root=" + root,
			xray.Header{Root: rootID, Self: selfID},
		},
		"an application's own field": {
			"Self=" + self + ";Root=" + root + ";CalledFrom=app",
			xray.Header{Root: rootID, Self: selfID},
		},
		"a decision without a parent": {
			"Root=" + root + ";Sampled=1",
			xray.Header{Root: rootID, Sampled: xray.Sampled},
		},
		"an instrumented caller": {
			"Root=" + root + ";Parent=" + parent + ";Sampled=1",
			xray.Header{Root: rootID, Parent: parentID, Sampled: xray.Sampled},
		},
		"not sampled": {
			"Root=" + root + ";Parent=" + parent + ";Sampled=0",
			xray.Header{Root: rootID, Parent: parentID, Sampled: xray.NotSampled},
		},
		"the decision is asked for": {
			"Root=" + root + ";Parent=" + parent + ";Sampled=?",
			xray.Header{Root: rootID, Parent: parentID},
		},
		"Lambda": {
			"Root=" + root + ";Parent=" + parent + ";Sampled=0;Lineage=" + lineage,
			xray.Header{Root: rootID, Parent: parentID, Sampled: xray.NotSampled, Lineage: lineage},
		},
		"another order": {
			"Lineage=" + lineage + ";Sampled=1;Parent=" + parent + ";Root=" + root + ";Self=" + self,
			xray.Header{Root: rootID, Self: selfID, Parent: parentID, Sampled: xray.Sampled, Lineage: lineage},
		},
		"white space and empty fields": {
			" Root=" + root + " ;; Sampled=1;",
			xray.Header{Root: rootID, Sampled: xray.Sampled},
		},
		"upper-case digits": {
			"Root=" + strings.ToUpper(root) + ";Parent=" + strings.ToUpper(parent),
			xray.Header{Root: rootID, Parent: parentID},
		},
		"the first of a repeated field": {
			"Root=" + root + ";Root=" + self + ";Sampled=0;Sampled=1",
			xray.Header{Root: rootID, Sampled: xray.NotSampled},
		},
		"unknown fields before": {
			"x;y=;=z;Roots=1;root=2;Root=" + root,
			xray.Header{Root: rootID},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := xray.Parse(test.header)
			if err != nil {
				t.Errorf("Parse: %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParse_FaultyField_NamesItAndKeepsTheOthers(t *testing.T) {
	t.Parallel()
	for header, test := range map[string]struct {
		want  xray.Header
		error string
	}{
		"":                  {error: "no Root"},
		"hello":             {error: "no Root"},
		"Self=" + self:      {want: xray.Header{Self: selfID}, error: "no Root"},
		"Parent=" + parent:  {want: xray.Header{Parent: parentID}, error: "no Root"},
		"Root=":             {error: "Root"},
		"Root":              {error: "Root"},
		"Root=2" + root[1:]: {error: "Root"},
		"Root=1-67891233abcdef012345678912345678":                    {error: "Root"},
		"Root=1-6789123g-abcdef012345678912345678":                   {error: "Root"},
		"Root=1-67891233-abcdef01234567891234567":                    {error: "Root"},
		"Root=1-67891233-abcdef0123456789123456789":                  {error: "Root"},
		"Root=1-00000000-000000000000000000000000":                   {error: "Root"},
		"Root=bad;Root=" + root:                                      {error: "Root"},
		"Root=bad;Sampled=1":                                         {want: xray.Header{Sampled: xray.Sampled}, error: "Root"},
		"Root=" + root + ";Parent=53995c3f42cd8ad":                   {want: xray.Header{Root: rootID}, error: "Parent"},
		"Root=" + root + ";Parent=0000000000000000":                  {want: xray.Header{Root: rootID}, error: "Parent"},
		"Root=" + root + ";Parent=zzzzzzzzzzzzzzzz;Sampled=1":        {want: xray.Header{Root: rootID, Sampled: xray.Sampled}, error: "Parent"},
		"Root=" + root + ";Sampled=2":                                {want: xray.Header{Root: rootID}, error: "Sampled"},
		"Root=" + root + ";Sampled=":                                 {want: xray.Header{Root: rootID}, error: "Sampled"},
		"Root=" + root + ";Sampled=true":                             {want: xray.Header{Root: rootID}, error: "Sampled"},
		"Self=1-67891233-12456789abcdef012345678;Root=" + root:       {want: xray.Header{Root: rootID}, error: "Self"}, // as printed in AWS's own example
		"Root=" + root + ";x=" + strings.Repeat("y", xray.MaxLength): {error: "longer"},
	} {
		got, err := xray.Parse(header)
		if err == nil || !strings.Contains(err.Error(), test.error) {
			t.Errorf("Parse(%.80q) error = %v, want one with %q", header, err, test.error)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Parse(%.80q) (-want +got):\n%s", header, diff)
		}
	}
}

func TestParse_LongestHeader_IsRead(t *testing.T) {
	t.Parallel()
	header := "Root=" + root + ";x="
	header += strings.Repeat("y", xray.MaxLength-len(header))
	if h, err := xray.Parse(header); err != nil || h.Root != rootID {
		t.Errorf("Parse of %d bytes = %v, %v", len(header), h, err)
	}
	if _, err := xray.Parse(header + "y"); err == nil {
		t.Errorf("Parse of %d bytes gave no error", len(header)+1)
	}
}

func TestParse_Error_HoldsNothingOfTheHeader(t *testing.T) {
	t.Parallel()
	_, err := xray.Parse("Root=secret")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Parse error = %v", err)
	}
}

func TestParse_AnyHeader_DoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	header := "Self=" + self + ";Root=" + root + ";Parent=" + parent + ";Sampled=1;Lineage=" + lineage
	if n := testing.AllocsPerRun(100, func() { _, _ = xray.Parse(header) }); n != 0 {
		t.Errorf("Parse allocates %v times", n)
	}
}

func TestHeaderString_ParsedAgain_IsTheSame(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"Root=" + root,
		"Self=" + self + ";Root=" + root,
		"Root=" + root + ";Sampled=1",
		"Root=" + root + ";Parent=" + parent + ";Sampled=0;Lineage=" + lineage,
	} {
		h, err := xray.Parse(header)
		if err != nil {
			t.Fatalf("Parse(%q): %v", header, err)
		}
		if got := h.String(); got != header {
			t.Errorf("String() = %q, want %q", got, header)
		}
	}
	if got := (xray.Header{Parent: parentID}).String(); got != "" {
		t.Errorf("String() without a Root = %q, want none", got)
	}
}

func TestKnown_FieldsOfClients_AreGone(t *testing.T) {
	for header, want := range map[string]string{
		"Root=1-67891233-ABCDEF012345678912345678": "Root=1-67891233-abcdef012345678912345678",
		"Root=" + root: "Root=" + root,
		"Self=" + self + ";Root=" + root + ";Parent=" + parent + ";Sampled=0;Lineage=" + lineage: "Self=" + self + ";Root=" + root + ";Parent=" + parent + ";Sampled=0;Lineage=" + lineage,
		"CalledFrom=app;Root=" + root + ";token=X;Self=" + self:                                  "Self=" + self + ";Root=" + root,
		"Self=" + self + ";Root=token;Sampled=1":                                                 "Self=" + self + ";Sampled=1",
		"Root=" + root + ";Lineage=token":                                                        "Root=" + root,
		"Root=" + root + ";Lineage=" + strings.Repeat("a", 257):                                  "Root=" + root,
		"Lineage=" + lineage: "Lineage=" + lineage,
		"token":              "",
		"":                   "",
	} {
		if got := xray.Known(header); got != want {
			t.Errorf("Known(%q) = %q, want %q", header, got, want)
		}
		if got := xray.Known(want); got != want {
			t.Errorf("Known(%q) = %q the second time", want, got)
		}
	}
	if raceDetector {
		return // it allocates
	}
	header := "Self=" + self + ";Root=" + root
	if n := testing.AllocsPerRun(100, func() { xray.Known(header) }); n != 0 {
		t.Errorf("a header that is fine takes %v allocations", n)
	}
}

// Where something of a client's stands in front of a Root that counts, it is told.
func TestKnownHeader_RootBehindMuch_IsFound(t *testing.T) {
	t.Parallel()
	long := "x=" + strings.Repeat("y", 2<<10) + ";Root=" + root
	ctx := extract(xray.Propagator{ALBParent: true}, long)
	if got := xray.KnownHeader(ctx); got != "Root="+root {
		t.Errorf("KnownHeader = %q, want the Root", got)
	}
	if _, ok := xray.ALBSpanContext(ctx, selfID); !ok {
		t.Error("the load balancer's span is not found behind 1 KiB")
	}
	for _, ctx := range []context.Context{context.Background(), extract(xray.Propagator{}, "x=y")} {
		if got := xray.KnownHeader(ctx); got != "" {
			t.Errorf("KnownHeader = %q, want nothing", got)
		}
	}
}

func TestRoot_ThereAndBack_IsTheSame(t *testing.T) {
	t.Parallel()
	if got := xray.RootFromTraceID(rootID); got != root {
		t.Errorf("RootFromTraceID = %q, want %q", got, root)
	}
	if got, ok := xray.TraceIDFromRoot(root); !ok || got != rootID {
		t.Errorf("TraceIDFromRoot = %v, %v, want %v", got, ok, rootID)
	}
}

// Whoever makes spans of access logs must come to the same ids for ever, in
// any language: `printf alb%s | sha256sum` over the bytes of the id.
func TestALBSpanID_KnownRequest_IsFixed(t *testing.T) {
	t.Parallel()
	if got, want := xray.ALBSpanID(rootID).String(), "588c8132a3e89e42"; got != want {
		t.Errorf("ALBSpanID(Root) = %s, want %s", got, want)
	}
	if got := xray.ALBSpanID(trace.TraceID{}); got.IsValid() {
		t.Errorf("ALBSpanID of no id = %v, want none", got)
	}
}

func TestHeaderALBSpanID_SelfGiven_IsAnotherForEachRequest(t *testing.T) {
	t.Parallel()
	first := xray.Header{Root: rootID}
	if got := first.ALBSpanID(); got != xray.ALBSpanID(rootID) {
		t.Errorf("with Root alone it is %v, want the Root's", got)
	}
	// Two requests of a client that keeps its Root are two spans.
	second := xray.Header{Root: rootID, Self: selfID}
	if got := second.ALBSpanID(); got != xray.ALBSpanID(selfID) {
		t.Errorf("with Self it is %v, want Self's", got)
	}
}

// With active tracing off Lambda writes Sampled=0, whatever was decided before.
func TestInLambda_Sampled0_IsNoDecision(t *testing.T) {
	t.Parallel()
	for given, want := range map[xray.Decision]xray.Decision{
		xray.Sampled: xray.Sampled, xray.NotSampled: xray.Undecided, xray.Undecided: xray.Undecided,
	} {
		h := xray.Header{Root: rootID, Parent: parentID, Sampled: given}
		got := h.InLambda()
		if h.Sampled = want; got != h {
			t.Errorf("of %v it makes %v, want %v", given, got, h)
		}
	}
}
