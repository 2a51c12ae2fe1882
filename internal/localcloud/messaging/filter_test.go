package messaging

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// The policies and messages are those of SNS guide, "String value matching",
// "Numeric value matching", "Key matching" and "AND/OR logic".
func TestFilterPolicy_MatchesAsDocumented(t *testing.T) {
	text := func(name, value string) attribute { return attribute{name, "String", value} }
	number := func(value string) attribute { return attribute{"n", "Number", value} }
	for _, tt := range []struct {
		policy     string
		attributes []attribute
		want       bool
	}{
		{`{"a":["rugby","tennis"]}`, []attribute{text("a", "tennis")}, true},
		{`{"a":["rugby","tennis"]}`, []attribute{text("a", "Tennis")}, false},
		{`{"a":["rugby"]}`, nil, false},
		{`{"a":["rugby"]}`, []attribute{text("a", "rugby"), text("other", "x")}, true},
		{`{"a":["x"],"b":["y"]}`, []attribute{text("a", "x")}, false},
		{`{"a":["x"],"b":["y"]}`, []attribute{text("a", "x"), text("b", "y")}, true},
		{`{"a":[{"prefix":"bas"}]}`, []attribute{text("a", "baseball")}, true},
		{`{"a":[{"prefix":"bas"}]}`, []attribute{text("a", "rugby")}, false},
		{`{"a":[{"suffix":"ball"}]}`, []attribute{text("a", "baseball")}, true},
		{`{"a":[{"equals-ignore-case":"Tennis"}]}`, []attribute{text("a", "TENNIS")}, true},
		{`{"a":[{"anything-but":["rugby","tennis"]}]}`, []attribute{text("a", "football")}, true},
		{`{"a":[{"anything-but":["rugby","tennis"]}]}`, []attribute{text("a", "rugby")}, false},
		{`{"a":[{"anything-but":"rugby"}]}`, []attribute{text("a", "rugby")}, false},
		{`{"a":[{"anything-but":["rugby","tennis"]}]}`, []attribute{{"a", "String.Array", `["rugby","baseball"]`}}, true},
		{`{"a":[{"anything-but":{"prefix":"order-"}}]}`, []attribute{text("a", "order_number")}, true},
		{`{"a":[{"anything-but":{"prefix":"order-"}}]}`, []attribute{text("a", "order-cancelled")}, false},
		{`{"a":[{"anything-but":["x"]}]}`, nil, false},
		{`{"a":["y",null,true]}`, []attribute{{"a", "String.Array", `["x",null]`}}, true},
		{`{"a":["x"]}`, []attribute{{"a", "String.Array", `not JSON`}}, false},
		{`{"n":[{"numeric":["=",301.5]}]}`, []attribute{number("3.015e2")}, true},
		{`{"n":[301.5]}`, []attribute{number("301.50")}, true},
		{`{"n":[{"anything-but":[100,500]}]}`, []attribute{number("100.1")}, true},
		{`{"n":[{"anything-but":[100,500]}]}`, []attribute{number("100")}, false},
		{`{"n":[{"numeric":[">",0,"<=",150]}]}`, []attribute{number("150")}, true},
		{`{"n":[{"numeric":[">",0,"<=",150]}]}`, []attribute{number("0")}, false},
		{`{"n":[{"numeric":["<",0]},{"numeric":[">=",10]}]}`, []attribute{number("10")}, true},
		{`{"n":[{"numeric":["=",1]}]}`, []attribute{text("n", "1")}, false},
		{`{"a":[{"exists":true}]}`, []attribute{text("a", "x")}, true},
		{`{"a":[{"exists":true}]}`, nil, false},
		{`{"a":[{"exists":false}]}`, nil, true},
		{`{"a":[{"exists":false}]}`, []attribute{text("a", "x")}, false},
		{`{"a":[{"exists":true}]}`, []attribute{{"a", "Binary", "x"}}, false},
		{`{}`, nil, true},
	} {
		policy, err := parseFilterPolicy(tt.policy)
		if err != nil {
			t.Errorf("%s: %v", tt.policy, err)
			continue
		}
		if got := policy == nil || policy.matches(tt.attributes); got != tt.want {
			t.Errorf("%s on %v: %v, want %v", tt.policy, tt.attributes, got, tt.want)
		}
	}
}

func TestFilterPolicy_Unknown_IsRefused(t *testing.T) {
	for policy, code := range map[string]string{
		`x`:                            "InvalidParameter",
		`[]`:                           "InvalidParameter",
		`{"a":"x"}`:                    "InvalidParameter",
		`{"a":[]}`:                     "InvalidParameter",
		`{"a":[["x"]]}`:                "InvalidParameter",
		`{"a":{"b":["x"]}}`:            "InvalidParameter",
		`{"a":[{"prefix":"x","b":1}]}`: "InvalidParameter",
		`{"a":["x"],"b":["x"],"c":["x"],"d":["x"],"e":["x"],"f":["x"]}`: "InvalidParameter",
		`{"a":[{"cidr":"10.0.0.0/24"}]}`:                                "NotImplemented",
		`{"a":[{"wildcard":"x*"}]}`:                                     "NotImplemented",
		`{"a":[{"prefix":1}]}`:                                          "NotImplemented",
		`{"a":[{"exists":"x"}]}`:                                        "NotImplemented",
		`{"a":[{"numeric":["=","x"]}]}`:                                 "NotImplemented",
		`{"a":[{"numeric":["~",1]}]}`:                                   "NotImplemented",
		`{"a":[{"numeric":["="]}]}`:                                     "NotImplemented",
		`{"a":[{"anything-but":[["x"]]}]}`:                              "NotImplemented",
		`{"a":[{"anything-but":{"x":"y"}}]}`:                            "NotImplemented",
		`{"$or":[{"a":["x"]},{"b":["y"]}]}`:                             "NotImplemented",
	} {
		if _, err := parseFilterPolicy(policy); err == nil || err.Code != code {
			t.Errorf("%s: %v, want %s", policy, err, code)
		}
	}
}

func TestPublish_FilterPolicy_OnlyMatchesArrive(t *testing.T) {
	b := setup(t, Config{})
	arn, url, subscription := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true, FilterPolicy: `{"event-type":[{"prefix":"order."}]}`})
	for _, eventType := range []string{"order.placed", "user.created", "order.paid"} {
		b.publish(&sns.PublishInput{TopicArn: &arn, Message: &eventType, MessageAttributes: map[string]snstypes.MessageAttributeValue{
			"event-type": {DataType: aws.String("String"), StringValue: &eventType},
		}})
	}
	got := b.receive(url)
	if len(got) != 2 || *got[0].Body != "order.placed" || *got[1].Body != "order.paid" {
		t.Errorf("received %d messages: %v", len(got), got)
	}
	if d, err := b.broker.Deliveries(subscription); err != nil || d != (Deliveries{Delivered: 2, Filtered: 1}) {
		t.Errorf("deliveries are %+v, %v", d, err)
	}
}
