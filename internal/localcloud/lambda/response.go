package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// failedItems reads what a function with ReportBatchItemFailures returned: the
// set of message ids it reports as failed. An error means that the whole batch
// failed.
//
// "Lambda treats a batch as a complete success if your function returns … an
// empty batchItemFailures list, a null batchItemFailures list, an empty
// EventResponse, a null EventResponse", and "as a complete failure if your
// function returns … an invalid JSON response, an empty string itemIdentifier,
// a null itemIdentifier, an itemIdentifier with a bad key name, an
// itemIdentifier value with a message ID that doesn't exist" ("Handling errors
// for an SQS event source in Lambda", "Success and failure conditions").
func failedItems(response []byte, batch []message) (map[string]bool, error) {
	failed := map[string]bool{}
	if len(bytes.TrimSpace(response)) == 0 {
		return failed, nil
	}
	var r map[string]json.RawMessage // not a struct: Go would take a key in any case
	if err := json.Unmarshal(response, &r); err != nil {
		return nil, errors.New("the response is not a JSON object")
	}
	var items []map[string]any
	if raw, ok := r["batchItemFailures"]; ok {
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, errors.New("batchItemFailures is not a list of objects")
		}
	}
	known := make(map[string]bool, len(batch))
	for _, m := range batch {
		known[m.id] = true
	}
	for i, item := range items {
		id, ok := item["itemIdentifier"].(string)
		switch {
		case !ok || id == "":
			return nil, fmt.Errorf("batchItemFailures[%d] has no itemIdentifier", i)
		case !known[id]:
			return nil, fmt.Errorf("batchItemFailures[%d] names a message that is not in the batch", i)
		}
		failed[id] = true
	}
	return failed, nil
}
