package otlpgrpc

import (
	"bytes"
	"fmt"

	"google.golang.org/grpc/mem"
)

// codec passes messages through that are encoded already.
type codec struct{}

// Name is what protobuf's codec is called, because that is what travels.
func (codec) Name() string { return "proto" }

// Marshal copies the message: gRPC may go on reading after a call was given
// up, when the caller uses the buffer for the next.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("cannot marshal %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(bytes.Clone(*message))}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("cannot unmarshal into %T", v)
	}
	*message = data.Materialize()
	return nil
}
