package notifytest

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Table is a DynamoDB table with the keys pk and sk. It knows GetItem, PutItem,
// UpdateItem and Query, each with the expressions that are used.
type Table struct {
	Faults
	problems

	Now func() time.Time // to check when items expire. Defaults to time.Now.

	mu    sync.Mutex
	name  string
	items map[string]item // by pk and sk
}

type item map[string]map[string]any

func newTable() *Table {
	return &Table{items: map[string]item{}, name: "prod-orders-notifier", Now: time.Now}
}

// Hold has somebody else tell a destination, until a time.
func (t *Table) Hold(pk, sk string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.items[pk+" "+sk] = item{
		"pk": {"S": pk}, "sk": {"S": sk}, "holder": {"S": "somebody else"}, "lease": {"N": strconv.FormatInt(until.UnixMilli(), 10)},
	}
}

type tableCall struct {
	TableName                           string
	Key, Item                           item
	ConsistentRead                      bool
	ConditionExpression                 string
	KeyConditionExpression              string
	UpdateExpression                    string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           item
	ReturnValues                        string
	ReturnValuesOnConditionCheckFailure string

	used map[string]struct{}
}

func (t *Table) serve(w http.ResponseWriter, q *http.Request, operation string) {
	t.wrap(w, q, func(w http.ResponseWriter) {
		t.mu.Lock()
		defer t.mu.Unlock()
		c := tableCall{used: map[string]struct{}{}}
		if err := decode(q, &c); err != nil {
			t.invalid(w, operation, err.Error())
			return
		}
		if c.TableName != t.name {
			refuse(w, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "no table "+c.TableName)
			return
		}
		switch operation {
		case "GetItem":
			t.get(w, c)
		case "PutItem":
			t.write(w, operation, &c, c.Item, c.Item)
		case "UpdateItem":
			t.update(w, operation, &c)
		case "Query":
			t.query(w, operation, &c)
		default:
			refuse(w, "NotImplemented", operation)
		}
	})
}

func (t *Table) invalid(w http.ResponseWriter, operation, problem string) {
	t.add("%s: %s", operation, problem)
	refuse(w, "com.amazon.coral.validate#ValidationException", problem)
}

// keyOf returns what an item is found by. Both keys are texts.
func keyOf(i item) string {
	pk, _ := i["pk"]["S"].(string)
	sk, _ := i["sk"]["S"].(string)
	if pk == "" || sk == "" {
		return ""
	}
	return pk + " " + sk
}

func (t *Table) get(w http.ResponseWriter, c tableCall) {
	if !c.ConsistentRead {
		t.add("GetItem: an answer may be out of date without ConsistentRead")
	}
	if len(c.Key) != 2 || keyOf(c.Key) == "" {
		t.invalid(w, "GetItem", "the provided key element does not match the schema")
		return
	}
	out := map[string]any{}
	if i, ok := t.items[keyOf(c.Key)]; ok {
		out["Item"] = i
	}
	answer(w, http.StatusOK, out)
}

func (t *Table) update(w http.ResponseWriter, operation string, c *tableCall) {
	if len(c.Key) != 2 {
		t.invalid(w, operation, "the provided key element does not match the schema")
		return
	}
	changed := maps.Clone(c.Key)
	maps.Copy(changed, t.items[keyOf(c.Key)])
	sets, ok := strings.CutPrefix(c.UpdateExpression, "SET ")
	for part := range strings.SplitSeq(sets, ",") {
		name, value, is := strings.Cut(part, "=")
		if !ok || !is || c.value(value) == nil {
			t.invalid(w, operation, "UpdateExpression: "+c.UpdateExpression)
			return
		}
		changed[c.name(name)] = c.value(value)
	}
	t.write(w, operation, c, c.Key, changed)
}

// write puts an item if its condition holds.
func (t *Table) write(w http.ResponseWriter, operation string, c *tableCall, key, changed item) {
	old, key0 := t.items[keyOf(key)], keyOf(key)
	holds, err := c.holds(old)
	if err == nil {
		err = c.unused()
	}
	if err != nil || key0 == "" || keyOf(changed) != key0 {
		t.invalid(w, operation, fmt.Sprintf("%v, key %q", err, key0))
		return
	}
	if !holds {
		out := map[string]any{
			"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "The conditional request failed",
		}
		if c.ReturnValuesOnConditionCheckFailure == "ALL_OLD" && old != nil {
			out["Item"] = old
		}
		answer(w, http.StatusBadRequest, out)
		return
	}
	t.checkExpires(operation, changed)
	t.items[key0] = maps.Clone(changed)
	out := map[string]any{}
	if c.ReturnValues == "ALL_NEW" {
		out["Attributes"] = changed
	}
	answer(w, http.StatusOK, out)
}

// checkExpires wants an item to expire in months, in seconds since 1970: it would
// go at once, or never, if that were milliseconds. (DynamoDB takes no item away
// that is older than five years.)
func (t *Table) checkExpires(operation string, i item) {
	seconds, err := strconv.ParseInt(fmt.Sprint(i["expires"]["N"]), 10, 64)
	at := time.Unix(seconds, 0)
	if now := t.Now(); err != nil || at.Before(now.AddDate(0, 1, 0)) || at.After(now.AddDate(10, 0, 0)) {
		t.add("%s: the item expires at %v", operation, i["expires"])
	}
}

// Lease is until when somebody tells a destination, or the zero time.
func (t *Table) Lease(pk, sk string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	ms, _ := strconv.ParseInt(fmt.Sprint(t.items[pk+" "+sk]["lease"]["N"]), 10, 64)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// query returns the items of one pk whose sk begins with a text.
func (t *Table) query(w http.ResponseWriter, operation string, c *tableCall) {
	m := regexp.MustCompile(`^(#\w+) = (:\w+) AND begins_with\((#\w+), (:\w+)\)$`).FindStringSubmatch(c.KeyConditionExpression)
	if m == nil || c.name(m[1]) != "pk" || c.name(m[3]) != "sk" {
		t.invalid(w, operation, "KeyConditionExpression: "+c.KeyConditionExpression)
		return
	}
	pk, _ := c.value(m[2])["S"].(string)
	begin, _ := c.value(m[4])["S"].(string)
	if err := c.unused(); err != nil {
		t.invalid(w, operation, err.Error())
		return
	}
	if !c.ConsistentRead {
		t.add("Query: an answer may be out of date without ConsistentRead")
	}
	found := []item{}
	for _, key := range slices.Sorted(maps.Keys(t.items)) {
		if strings.HasPrefix(key, pk+" "+begin) {
			found = append(found, t.items[key])
		}
	}
	answer(w, http.StatusOK, map[string]any{"Items": found, "Count": len(found), "ScannedCount": len(found)})
}

func (c *tableCall) name(s string) string {
	s = strings.TrimSpace(s)
	c.used[s] = struct{}{}
	return c.ExpressionAttributeNames[s]
}

func (c *tableCall) value(s string) map[string]any {
	s = strings.TrimSpace(s)
	c.used[s] = struct{}{}
	return c.ExpressionAttributeValues[s]
}

// unused reports placeholders that no expression has: DynamoDB refuses them.
func (c *tableCall) unused() error {
	for _, s := range slices.Concat(slices.Collect(maps.Keys(c.ExpressionAttributeNames)), slices.Collect(maps.Keys(c.ExpressionAttributeValues))) {
		if _, ok := c.used[s]; !ok {
			return fmt.Errorf("%s is in no expression", s)
		}
	}
	return nil
}

var (
	notExists  = regexp.MustCompile(`^attribute_not_exists\((#\w+)\)$`)
	comparison = regexp.MustCompile(`^(#\w+) (=|<) (:\w+)$`)
)

// holds evaluates a condition: terms with OR between them.
func (c *tableCall) holds(i item) (bool, error) {
	if c.ConditionExpression == "" {
		return true, nil
	}
	met := false
	for term := range strings.SplitSeq(c.ConditionExpression, " OR ") {
		if m := notExists.FindStringSubmatch(term); m != nil {
			_, exists := i[c.name(m[1])]
			met = met || !exists
			continue
		}
		m := comparison.FindStringSubmatch(term)
		if m == nil {
			return false, fmt.Errorf("ConditionExpression: %s", c.ConditionExpression)
		}
		have, want := i[c.name(m[1])], c.value(m[3])
		if m[2] == "=" {
			met = met || have != nil && fmt.Sprint(have) == fmt.Sprint(want)
			continue
		}
		a, errA := strconv.ParseFloat(fmt.Sprint(have["N"]), 64)
		b, errB := strconv.ParseFloat(fmt.Sprint(want["N"]), 64)
		met = met || errA == nil && errB == nil && a < b
	}
	return met, nil
}
