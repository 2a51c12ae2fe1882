package deadletter

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Anything may lie in a dead-letter queue: that is what it is for. It is read,
// it has a reason, and it can be archived.
func FuzzLetter(f *testing.F) {
	f.Add(`{"specversion":"1.0","id":"e1","source":"/shop","type":"order.placed"}`, "refused", "23505", "2 abc", "1764126000000", "arn:aws:sqs:eu-west-1:1:q")
	f.Add(`{"Type":"Notification","MessageAttributes":{"a":{"Type":"Binary","Value":"!"}}}`, "", "", "-1 x", "x", "")
	f.Add("", "", "", "99999999999999999999", "-1", "")
	f.Fuzz(func(t *testing.T, body, reason, code, redrive, sent, source string) {
		attributes := map[string]sqstypes.MessageAttributeValue{}
		for name, value := range map[string]string{"failure-reason": reason, "failure-code": code, AttributeRedrive: redrive} {
			attributes[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
		l := newLetter(sqstypes.Message{
			Body: &body, MessageAttributes: attributes,
			Attributes: map[string]string{"SentTimestamp": sent, "DeadLetterQueueSourceArn": source},
		}, false)
		if l.Reason == "" || l.Redrives < 0 || (l.Event.ID == "") != (l.Problem != "") {
			t.Errorf("read as %+v", l)
		}
		var record Record
		b, err := json.Marshal(l.Record("q", true))
		if err == nil {
			err = json.Unmarshal(b, &record)
		}
		if err != nil {
			t.Errorf("%v: %s", err, b)
		}
	})
}
