//go:build unix

package main

// rowMutations are about what a row has of its event, and of the way on which
// it came.
func rowMutations() []mutation {
	return []mutation{
		{
			name: "type-is-stored", what: "every row has the same type",
			edits:  []edit{{"consumer/postgres/columns.go", "appendString(b, r.Event.Type)", "appendString(b, \"wrong\")"}},
			claims: []claim{{"consumer/poison", "corrupted"}},
		},
		{
			name: "time-is-stored", what: "a row's event is a month older",
			edits:  []edit{{"consumer/postgres/columns.go", "appendTime(b, r.Event.Time)", "appendTime(b, r.Event.Time.AddDate(0, -1, 0))"}},
			claims: []claim{{"consumer/poison", "corrupted"}},
		},
		{
			name: "bytes-are-stored", what: "data that are no JSON are left out",
			edits:  []edit{{"consumer/postgres/columns.go", "appendBytes(b, r.Event.DataBase64)", "appendBytes(b, nil)"}},
			claims: []claim{{"consumer/poison", "corrupted"}},
		},
		{
			name: "extensions-are-stored", what: "extensions are left out",
			edits:  []edit{{"consumer/postgres/columns.go", "appendExtensions(b, r.Event.Extensions)", "appendExtensions(b, nil)"}},
			claims: []claim{{"consumer/poison", "corrupted"}},
		},
		{
			name: "root-is-stored", what: "a row does not know the load balancer's Root",
			edits:  []edit{{"consumer/batch.go", "\t\tALBRoot:      about.ALBRoot,\n", ""}},
			claims: []claim{{"consumer/poison", "the load balancer's Root is"}},
		},
		{
			name: "message-ids-are-stored", what: "a row does not know its message's ids",
			edits: []edit{
				{"consumer/batch.go", "\t\tSNSMessageID: m.SNSMessageID,\n", ""},
				{"consumer/batch.go", "\t\tSQSMessageID: m.MessageID,\n", ""},
			},
			claims: []claim{{"consumer/poison", "as message \"\" of SQS"}, {"consumer/poison-in-envelopes", "has the ids \"\" of SNS"}},
		},
		{
			name: "receive-count-is-stored", what: "a row does not know how often its message was received",
			edits:  []edit{{"consumer/batch.go", "\t\tReceiveCount: m.ReceiveCount,\n", ""}},
			claims: []claim{{"consumer/poison", "was received 0 times"}},
		},
		{
			name: "root-is-continued", what: "a Root without a parent begins no trace",
			edits: []edit{{
				"telemetry/xray/propagator.go", "\treturn c.continued(h)\n", "\t_ = h\n\treturn c\n",
			}},
			claims: []claim{{"consumer/poison", "broken"}},
		},
		{
			name: "unsampled-travels", what: "the context of a trace that is not sampled stays behind",
			edits:  []edit{{"telemetry/message/load.go", "sc.IsValid() {\n\t\tformatTraceparent", "sc.IsValid() && sc.IsSampled() {\n\t\tformatTraceparent"}},
			claims: []claim{{"consumer/poison", "broken"}},
		},
	}
}
