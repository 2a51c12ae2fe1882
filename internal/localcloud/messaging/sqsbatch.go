package messaging

// checkBatch holds what is true of every batch of SQS: 1 to 10 entries, each
// with an id of its own (SQS API, SendMessageBatch, DeleteMessageBatch and
// ChangeMessageVisibilityBatch: errors).
func (req *sqsRequest) checkBatch() *Error {
	switch n := len(req.Entries); {
	case n == 0:
		return errorf("EmptyBatchRequest", "There should be at least one entry in the request.")
	case n > maxBatchEntries:
		return errorf("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatchEntries, n)
	}
	for i := range req.Entries {
		id := req.Entries[i].Id
		if !validBatchID(id) {
			return errorf("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, "+
				"hyphens and underscores. It can be at most 80 letters long.")
		}
		for j := range i {
			if req.Entries[j].Id == id {
				return errorf("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
			}
		}
	}
	return nil
}

// appendBatch writes the outcome of a batch: HTTP 200, each entry among the
// successful or the failed ones. result adds what a successful entry says
// besides its id.
func (req *sqsRequest) appendBatch(dst []byte, errs []*Error, result func(dst []byte, i int) []byte) []byte {
	dst = append(dst, '{')
	for _, list := range []struct {
		name string
		has  func(e *Error) bool
	}{
		{`"Successful":[`, func(e *Error) bool { return e == nil }},
		{`"Failed":[`, func(e *Error) bool { return e != nil }},
	} {
		started := false
		for i, err := range errs {
			if !list.has(err) {
				continue
			}
			switch {
			case started:
				dst = append(dst, ',')
			case dst[len(dst)-1] == ']':
				dst = append(append(dst, ','), list.name...)
			default:
				dst = append(dst, list.name...)
			}
			started = true
			dst = appendJSONField(append(dst, '{'), "Id", req.Entries[i].Id)
			if err == nil {
				dst = result(dst, i)
			} else {
				dst = appendFailure(dst, err)
			}
			dst = append(dst, '}')
		}
		if started {
			dst = append(dst, ']')
		}
	}
	return append(dst, '}')
}

func appendFailure(dst []byte, err *Error) []byte {
	dst = appendJSONField(dst, "Code", err.Code)
	dst = appendJSONField(dst, "Message", err.Message)
	if err.Receiver {
		return append(dst, `,"SenderFault":false`...)
	}
	return append(dst, `,"SenderFault":true`...)
}

func noResult(dst []byte, _ int) []byte { return dst }
