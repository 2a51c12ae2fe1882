package service

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// ownAttributes is how many message attributes the service itself sets: those
// of event.Metadata.
const ownAttributes = 4

var typeString = aws.String("String")

// attributes are those of a message, all of DataType String.
type attributes struct {
	n   int
	all [ownAttributes]struct{ name, value string }
}

func (a *attributes) add(name, value string) {
	a.all[a.n].name, a.all[a.n].value = name, value
	a.n++
}

// forCall makes what the SDK wants. It is made for every call anew, because
// the trace context of the call is put into it, and refers to a.
func (a *attributes) forCall() map[string]snstypes.MessageAttributeValue {
	m := make(map[string]snstypes.MessageAttributeValue, a.n+1)
	for i := range a.all[:a.n] {
		m[a.all[i].name] = snstypes.MessageAttributeValue{DataType: typeString, StringValue: &a.all[i].value}
	}
	return m
}

// submission makes the messages of a request, or says which event is too
// large with its attributes.
func (s *Service) submission(r *http.Request, events []event.Event) (*submission, *refusal) {
	ctx := r.Context()
	metadata := event.Metadata{AcceptedAt: s.cfg.Now(), ALBRoot: albRoot(r)}
	room := contextRoom(ctx)
	sub := &submission{ctx: ctx, entries: make([]entry, len(events))}
	buffer := newBody()
	defer buffer.recycle()
	for i := range events {
		ev, e := &events[i], &sub.entries[i]
		buffer.bytes = ev.AppendJSON(buffer.bytes[:0])
		e.body = messageText(buffer.bytes)
		metadata.Type, metadata.Source = ev.Type, ev.Source
		e.size = len(e.body)
		for name, value := range metadata.All() {
			e.attributes.add(name, value)
			e.size += len(name) + len(*typeString) + len(value)
		}
		if e.size > s.cfg.Budget.Bytes || len(e.body) > s.cfg.Limits.MaxEventBytes {
			return nil, s.messageTooLarge(r, i, e.size)
		}
		// Room for the trace context, so that sharing a call costs no event
		// its trace. An event that leaves no room travels alone, and package
		// message decides what of its context still fits.
		e.size = min(e.size+room, s.cfg.Budget.Bytes)
	}
	return sub, nil
}

func (s *Service) messageTooLarge(r *http.Request, index, size int) *refusal {
	refused := &refusal{
		code: event.CodeTooLarge,
		detail: fmt.Sprintf("The event takes %d bytes as a message with its attributes. An event has at most %d bytes, and %d with its attributes.",
			size, s.cfg.Limits.MaxEventBytes, s.cfg.Budget.Bytes),
	}
	if isBatch(r) {
		refused.index = &index
	}
	return refused
}

// albRoot is the load balancer's own name for the request. It is read from the
// header itself, so that rows can be found from an access log even when
// nothing is traced.
func albRoot(r *http.Request) string {
	header := r.Header.Get(xray.HeaderName)
	if header == "" {
		return ""
	}
	h, _ := xray.Parse(header)
	if !h.Root.IsValid() {
		return ""
	}
	return xray.RootFromTraceID(h.Root)
}

// contextRoom is what the trace context of ctx takes in a message, by the
// size limits of package message: names, data types and values.
func contextRoom(ctx context.Context) int {
	const (
		traceparent = len("traceparent") + len("String") + len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		tracestate  = len("tracestate") + len("String")
		baggageName = len("baggage") + len("String")
	)
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return 0
	}
	room := traceparent
	if state := sc.TraceState(); state.Len() > 0 {
		room += tracestate + len(state.String())
	}
	if b := baggage.FromContext(ctx); b.Len() > 0 {
		room += baggageName + len(b.String())
	}
	return room
}

// messageText makes the text of a message out of JSON. A message is text as
// XML knows it: U+FFFE and U+FFFF, which JSON allows in strings, are not
// ("SendMessage", MessageBody, Amazon SQS API Reference). They are escaped,
// which changes nothing of what the JSON says. What else XML forbids, JSON
// cannot hold unescaped either.
func messageText(json []byte) string {
	if !bytes.Contains(json, []byte("\xef\xbf")) {
		return string(json)
	}
	return noncharacters.Replace(string(json))
}

var noncharacters = strings.NewReplacer("\uFFFE", `\uFFFE`, "\uFFFF", `\uFFFF`)
