package awssdk

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func TestRecordOf_WhatIsNoRecord_HasNeitherNameNorFields(t *testing.T) {
	t.Parallel()
	type PublishInput struct{ Message *string } // not the SDK's
	var none *sns.PublishInput
	for _, v := range []any{nil, "text", new(1), none, sns.PublishInput{}, &PublishInput{Message: new("x")}} {
		if name := recordOf(v).name(); name != "" {
			t.Errorf("%T is %q", v, name)
		}
	}
	if message := text(recordOf(none), "Message"); message != nil {
		t.Errorf("a nil input has the message %q", *message)
	}
}

func TestRecord_FieldOfAnotherTypeOrName_IsNone(t *testing.T) {
	t.Parallel()
	r := recordOf(&sns.PublishInput{Message: new("x")})
	if r.name() != "sns.PublishInput" || text(r, "Message") == nil {
		t.Fatalf("%q has no message", r.name())
	}
	if fieldOf[int](r, "Message") != nil || text(r, "message") != nil || text(r, "noSmithyDocumentSerde") != nil {
		t.Error("found a field that is not there")
	}
}

func TestWith_LeavesTheRecordAsItWas(t *testing.T) {
	t.Parallel()
	in := &sns.PublishInput{Message: new("x"), Subject: new("y")}
	changed, ok := with(recordOf(in), "Message", new("z")).any().(*sns.PublishInput)
	if !ok || *changed.Message != "z" || *changed.Subject != "y" || *in.Message != "x" {
		t.Errorf("with = %+v, of %+v", changed, in)
	}
}
