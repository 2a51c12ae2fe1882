package snsform

import (
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// appendInput appends a form of AWS's query protocol ("AWS query protocol",
// Smithy). Fields are in the order of their names, as the SDK's are, though
// SNS asks for none: what is the same byte for byte is easy to compare.
func appendInput(b []byte, in *sns.PublishBatchInput) []byte {
	b = append(b, "Action=PublishBatch"...)
	entries := in.PublishBatchRequestEntries
	if entries != nil && len(entries) == 0 {
		b = append(b, "&PublishBatchRequestEntries="...)
	}
	for n := range inTextOrder(len(entries)) {
		var scratch [96]byte
		prefix := strconv.AppendInt(append(scratch[:0], "&PublishBatchRequestEntries.member."...), int64(n), 10)
		b = appendEntry(b, append(prefix, '.'), &entries[n-1])
	}
	b = appendText(b, []byte("&"), "TopicArn", in.TopicArn)
	return append(b, "&Version=2010-03-31"...)
}

func appendEntry(b, prefix []byte, e *types.PublishBatchRequestEntry) []byte {
	b = appendText(b, prefix, "Id", e.Id)
	b = appendText(b, prefix, "Message", e.Message)
	b = appendAttributes(b, prefix, e.MessageAttributes)
	b = appendText(b, prefix, "MessageDeduplicationId", e.MessageDeduplicationId)
	b = appendText(b, prefix, "MessageGroupId", e.MessageGroupId)
	b = appendText(b, prefix, "MessageStructure", e.MessageStructure)
	return appendText(b, prefix, "Subject", e.Subject)
}

// usualAttributes is how many attributes a message may have that need no
// memory to be put in order: as many as raw delivery lets through.
const usualAttributes = 10

func appendAttributes(b, prefix []byte, attrs map[string]types.MessageAttributeValue) []byte {
	var scratch [usualAttributes]string
	names := scratch[:0]
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	prefix = append(prefix, "MessageAttributes.entry."...)
	for n := range inTextOrder(len(names)) {
		name := names[n-1]
		v := attrs[name]
		of := append(strconv.AppendInt(prefix, int64(n), 10), '.')
		b = appendText(b, of, "Name", &name)
		if v.BinaryValue != nil {
			binary := base64.StdEncoding.EncodeToString(v.BinaryValue)
			b = appendText(b, of, "Value.BinaryValue", &binary)
		}
		b = appendText(b, of, "Value.DataType", v.DataType)
		b = appendText(b, of, "Value.StringValue", v.StringValue)
	}
	return b
}

// appendText appends a field, unless it is not set. Prefix and name need no
// escaping.
func appendText(b, prefix []byte, name string, value *string) []byte {
	if value == nil {
		return b
	}
	b = append(append(append(b, prefix...), name...), '=')
	return appendEscaped(b, *value)
}

// inTextOrder yields the numbers from 1 to n in the order of their decimal
// digits: 1, 10, 2, and so on.
func inTextOrder(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		k := 1
		for range n {
			if !yield(k) {
				return
			}
			k = following(k, n)
		}
	}
}

func following(k, n int) int {
	if k*10 <= n {
		return k * 10
	}
	for k%10 == 9 || k+1 > n {
		k /= 10
	}
	return k + 1
}
