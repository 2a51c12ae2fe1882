package snsform_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// FuzzSerializer holds the form against the SDK's own.
func FuzzSerializer(f *testing.F) {
	f.Add("arn:aws:sns:eu-west-1:123456789012:orders", `{"id":"ä ü","data":"a+b&c=d%20"}`, "traceparent", "String", "00-0af7-b7ad-01", []byte{0, 255}, uint8(3), uint8(2))
	f.Add("", "\xff\xfe", "", "", "~-._*", []byte(nil), uint8(11), uint8(12))
	sdk, ours := serializers(f)
	f.Fuzz(func(t *testing.T, topic, message, name, dataType, value string, binary []byte, entries, attributes uint8) {
		in := &sns.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: make([]types.PublishBatchRequestEntry, entries%32)}
		for i := range in.PublishBatchRequestEntries {
			e := &in.PublishBatchRequestEntries[i]
			e.Id, e.Message = &name, &message
			e.MessageAttributes = map[string]types.MessageAttributeValue{}
			for k := range attributes % 16 {
				e.MessageAttributes[name+string(rune('a'+k))] = types.MessageAttributeValue{DataType: &dataType, StringValue: &value, BinaryValue: binary}
			}
		}
		if want, got := made(t, sdk, in, "", ""), made(t, ours, in, "", ""); got != want {
			t.Fatalf("the SDK makes\n%+v\nand this package\n%+v", want, got)
		}
	})
}
