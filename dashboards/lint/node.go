package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// node is a value within the JSON that knows where it stands. Rules read
// whatever they find without minding types: that a value has the wrong one is
// the finding of the rule "schema". A node that is not there has no value.
type node struct {
	value  any
	parent *node
	key    string // within an object
	index  int    // within a list, where key is empty
	about  *panel // for the node that is a panel
}

// parse decodes one JSON object.
func parse(content []byte) (*node, error) {
	if len(content) > MaxSizeBytes {
		return nil, fmt.Errorf("the file has %d bytes: %d are allowed", len(content), MaxSizeBytes)
	}
	if deep(content) {
		return nil, fmt.Errorf("objects and lists nest deeper than %d levels", maxDepth)
	}
	d := json.NewDecoder(bytes.NewReader(content))
	var value map[string]any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("is no JSON object: %w", err)
	}
	if value == nil {
		return nil, errors.New("is null: want a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object: want one dashboard in a file")
	}
	return &node{value: value}, nil
}

// deep reports whether brackets nest deeper than maxDepth.
func deep(content []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(content); i++ {
		switch b := content[i]; {
		case b == '"':
			quoted = !quoted
		case quoted && b == '\\':
			i++
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return false
}

// get walks down the keys of objects.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		object, _ := n.value.(map[string]any)
		n = &node{value: object[key], parent: n, key: key}
	}
	return n
}

// items are the elements of a list.
func (n *node) items() iter.Seq2[int, *node] {
	return func(yield func(int, *node) bool) {
		list, _ := n.value.([]any)
		for i, value := range list {
			if !yield(i, &node{value: value, parent: n, index: i}) {
				return
			}
		}
	}
}

// fields are the members of an object, by name.
func (n *node) fields() iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		object, _ := n.value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if !yield(key, &node{value: object[key], parent: n, key: key}) {
				return
			}
		}
	}
}

// walk calls visit for the node and all below it. What visit declines is not
// entered.
func (n *node) walk(visit func(*node) bool) {
	if !visit(n) {
		return
	}
	for _, item := range n.items() {
		item.walk(visit)
	}
	for _, field := range n.fields() {
		field.walk(visit)
	}
}

func (n *node) exists() bool { return n.value != nil }

func (n *node) len() int {
	list, _ := n.value.([]any)
	return len(list)
}

func (n *node) text() string {
	s, _ := n.value.(string)
	return s
}

func (n *node) number() (float64, bool) {
	x, ok := n.value.(float64)
	return x, ok
}

func (n *node) isTrue() bool {
	b, _ := n.value.(bool)
	return b
}

// shown is the value in a message.
func (n *node) shown() string {
	switch v := n.value.(type) {
	case nil:
		return "not set"
	case string:
		return strconv.Quote(v)
	case bool, float64:
		return fmt.Sprint(v)
	default:
		return "an object or a list"
	}
}

// texts is a text, or the texts of a list.
func (n *node) texts() []string {
	if s, ok := n.value.(string); ok {
		return []string{s}
	}
	var all []string
	for _, item := range n.items() {
		all = append(all, item.text())
	}
	return all
}

// panel is the innermost panel that the node is in, or nil.
func (n *node) panel() *panel {
	for ; n != nil; n = n.parent {
		if n.about != nil {
			return n.about
		}
	}
	return nil
}

// within reports whether the node is below a key.
func (n *node) within(key string) bool {
	for ; n != nil; n = n.parent {
		if n.key == key {
			return true
		}
	}
	return false
}

// path is where the node stands, from the top.
func (n *node) path() string {
	var steps []string
	for ; n.parent != nil; n = n.parent {
		if n.key == "" {
			steps = append(steps, "["+strconv.Itoa(n.index)+"]")
		} else {
			steps = append(steps, "."+n.key)
		}
	}
	slices.Reverse(steps)
	return "$" + strings.Join(steps, "")
}
