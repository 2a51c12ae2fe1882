package deploytest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// encodeCBOR writes what is JSON in the file as CloudWatch's protocol has it. A
// number whose name ends in Timestamp is a time, tagged as one.
func encodeCBOR(body map[string]any) ([]byte, error) {
	v, err := toCBOR("", body)
	if err != nil {
		return nil, err
	}
	return cbor.Encode(v), nil
}

func toCBOR(name string, v any) (cbor.Value, error) {
	switch v := v.(type) {
	case map[string]any:
		m := cbor.Map{}
		for key, value := range v {
			inner, err := toCBOR(key, value)
			if err != nil {
				return nil, err
			}
			m[key] = inner
		}
		return m, nil
	case []any:
		list := cbor.List{}
		for _, value := range v {
			inner, err := toCBOR(name, value)
			if err != nil {
				return nil, err
			}
			list = append(list, inner)
		}
		return list, nil
	case string:
		return cbor.String(v), nil
	case bool:
		return cbor.Bool(v), nil
	case json.Number:
		return number(name, v)
	case nil:
		return &cbor.Nil{}, nil
	}
	return nil, fmt.Errorf("%s: %T", name, v)
}

func number(name string, n json.Number) (cbor.Value, error) {
	if strings.HasSuffix(name, "Timestamp") {
		seconds, err := n.Float64()
		return &cbor.Tag{ID: 1, Value: cbor.Float64(seconds)}, err
	}
	if whole, err := n.Int64(); err == nil && whole >= 0 {
		return cbor.Uint(whole), nil
	}
	x, err := n.Float64()
	return cbor.Float64(x), err
}

func decodeCBOR(b []byte) (any, error) {
	v, err := cbor.Decode(b)
	if err != nil {
		return nil, err
	}
	return fromCBOR(v)
}

func fromCBOR(v cbor.Value) (any, error) {
	switch v := v.(type) {
	case cbor.Map:
		m := map[string]any{}
		for key, value := range v {
			inner, err := fromCBOR(value)
			if err != nil {
				return nil, err
			}
			m[key] = inner
		}
		return m, nil
	case cbor.List:
		list := []any{}
		for _, value := range v {
			inner, err := fromCBOR(value)
			if err != nil {
				return nil, err
			}
			list = append(list, inner)
		}
		return list, nil
	case cbor.String:
		return string(v), nil
	case cbor.Uint:
		return uint64(v), nil
	case cbor.Float64:
		return float64(v), nil
	case *cbor.Tag:
		return fromCBOR(v.Value)
	}
	return nil, fmt.Errorf("%T", v)
}
