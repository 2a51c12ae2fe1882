package pipeline

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// loader decodes YAML nodes into structs and collects every problem. It does
// so by itself, since no decoder tells places for all of them, tells a default
// from a given value and keeps to the YAML that Terraform reads alike.
type loader struct {
	file     string // that is being read
	resolved bool   // and was written by Pipeline.Resolved
	files    []string
	problems []Problem
	where    places
	bad      map[string]struct{} // settings that cannot be relied on
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// maxProblems is how many problems are told of: nobody reads more, and a file
// of nothing but problems should not keep us busy.
const maxProblems = 200

func (l *loader) add(p Problem) {
	if len(l.problems) < maxProblems {
		l.problems = append(l.problems, p)
	}
}

// report adds a problem of the setting at path, or of its member key. The
// setting's value stays good to be compared with others.
func (l *loader) report(path, key, message string) {
	setting := path
	if key != "" {
		setting = join(path, key)
	}
	at := l.where.of(setting)
	l.add(Problem{at.file, at.line, at.column, setting, message})
}

// reportNode adds a problem of a value that stands in the file at hand.
func (l *loader) reportNode(n *yaml.Node, path, message string) {
	l.bad[path] = struct{}{}
	l.add(Problem{l.file, n.Line, n.Column, path, message})
}

// plain reports what YAML has beyond mappings, lists and scalars. Anchors and
// tags would mean something else, or nothing, to Terraform and to editors.
func (l *loader) plain(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		l.reportNode(n, path, "anchors and aliases are not supported")
	case n.Style&yaml.TaggedStyle != 0:
		l.reportNode(n, path, "tags are not supported")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		l.reportNode(n, path, "has no value; leave the key out instead")
	default:
		return true
	}
	return false
}

// member is one entry of a mapping.
type member struct {
	key         string
	node, value *yaml.Node
}

// members returns the entries of a mapping whose keys are good.
func (l *loader) members(n *yaml.Node, path string) []member {
	if n.Kind != yaml.MappingNode {
		l.reportNode(n, path, "must be a mapping, not "+kindOf(n))
		return nil
	}
	var members []member
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Anchor != "" || key.Style&yaml.TaggedStyle != 0 {
			l.reportNode(key, path, "a key must be plain text")
			continue
		}
		at := join(path, key.Value)
		if line, twice := lines[key.Value]; twice {
			l.reportNode(key, at, fmt.Sprintf("is given twice, first in line %d", line))
			continue
		}
		lines[key.Value] = key.Line
		members = append(members, member{key.Value, key, value})
	}
	return members
}

func (l *loader) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	fields := fieldsOf(v.Type())
	for _, m := range l.members(n, path) {
		if l.resolved && (path == "" && m.key == namesKey || isEmpty(m.value)) {
			continue
		}
		f, ok := fieldByKey(fields, m.key)
		if !ok && len(l.problems) == maxProblems {
			return
		}
		if !ok {
			l.reportNode(m.node, join(path, m.key), "is not a known setting"+suggest(m.key, keysOf(fields)))
			continue
		}
		at := join(path, m.key)
		l.where[at] = place{l.file, m.node.Line, m.node.Column}
		if l.plain(m.value, at) {
			l.decode(m.value, v.Field(f.index), f, at)
		}
	}
}

// isEmpty reports whether a value is an empty text, list or mapping.
func isEmpty(n *yaml.Node) bool { return n.Value == "" && len(n.Content) == 0 }

// decode reads the value of one setting.
func (l *loader) decode(n *yaml.Node, v reflect.Value, f field, path string) {
	switch v.Interface().(type) {
	case []Consumer:
		l.decodeConsumers(n, v, f, path)
		return
	case map[string]any:
		l.decodeTree(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		l.decodeStruct(n, v, path)
	case reflect.Slice:
		l.decodeList(n, v, f, path)
	case reflect.Map:
		l.decodeMap(n, v, f, path)
	default:
		if message := setScalar(n, v, f); message != "" {
			l.reportNode(n, path, message)
		}
	}
}

func (l *loader) decodeList(n *yaml.Node, v reflect.Value, f field, path string) {
	if n.Kind != yaml.SequenceNode {
		l.reportNode(n, path, "must be a list, not "+kindOf(n))
		return
	}
	if message := f.checkLength(len(n.Content)); message != "" {
		l.reportNode(n, path, message)
		return
	}
	l.forget(path)
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	seen := map[string]struct{}{}
	for i, entry := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		l.where[at] = place{l.file, entry.Line, entry.Column}
		if !l.plain(entry, at) {
			continue
		}
		if v.Type().Elem().Kind() == reflect.Struct {
			l.decodeStruct(entry, list.Index(i), at)
			continue
		}
		if message := setScalar(entry, list.Index(i), f.element()); message != "" {
			l.reportNode(entry, at, message)
			continue
		}
		if _, twice := seen[entry.Value]; twice {
			l.reportNode(entry, at, fmt.Sprintf("%q is in the list already", shorten(entry.Value)))
		}
		seen[entry.Value] = struct{}{}
	}
	v.Set(list)
}

// forget drops what is known of the settings below path: they are replaced.
func (l *loader) forget(path string) {
	for known := range l.where {
		if strings.HasPrefix(known, path+".") || strings.HasPrefix(known, path+"[") {
			delete(l.where, known)
		}
	}
}

// element is f for the entries of its list or mapping, whose length is their own.
func (f field) element() field {
	f.min, f.max = nil, nil
	return f
}

func (l *loader) decodeMap(n *yaml.Node, v reflect.Value, f field, path string) {
	entries := reflect.MakeMap(v.Type())
	members := l.members(n, path)
	if message := f.checkLength(len(members)); message != "" && n.Kind == yaml.MappingNode {
		l.reportNode(n, path, message)
		return
	}
	l.forget(path)
	for _, m := range members {
		at := join(path, m.key)
		l.where[at] = place{l.file, m.node.Line, m.node.Column}
		if !l.goodKey(m, f, at) || !l.plain(m.value, at) {
			continue
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		if entry.Kind() == reflect.Struct {
			l.decodeStruct(m.value, entry, at)
		} else if message := setScalar(m.value, entry, f.element()); message != "" {
			l.reportNode(m.value, at, message)
		}
		entries.SetMapIndex(reflect.ValueOf(m.key), entry)
	}
	v.Set(entries)
}

func (l *loader) goodKey(m member, f field, path string) bool {
	if f.keys == "" {
		return true
	}
	if message := formats[f.keys].check(m.key); message != "" {
		l.reportNode(m.node, path, message)
		return false
	}
	return true
}

// maxConsumerName leaves room for the other parts of a queue's name.
const maxConsumerName = 24

// decodeConsumers merges consumers by name and keeps them in the order of the
// file that named them first.
func (l *loader) decodeConsumers(n *yaml.Node, v reflect.Value, f field, path string) {
	consumers := v.Addr().Interface().(*[]Consumer)
	members := l.members(n, path)
	if message := f.checkLength(len(members)); message != "" && n.Kind == yaml.MappingNode {
		l.reportNode(n, path, message)
		return
	}
	for _, m := range members {
		at := join(path, m.key)
		l.where[at] = place{l.file, m.node.Line, m.node.Column}
		if !l.goodKey(m, f, at) {
			continue
		}
		if len(m.key) > maxConsumerName {
			l.reportNode(m.node, at, fmt.Sprintf("the name has %d characters, %d are allowed", len(m.key), maxConsumerName))
		}
		consumer := findConsumer(*consumers, m.key)
		if consumer == nil {
			*consumers = append(*consumers, Consumer{Name: m.key})
			consumer = &(*consumers)[len(*consumers)-1]
		}
		// A consumer that has defaults only is written as "audit: {}".
		if l.plain(m.value, at) {
			l.decodeStruct(m.value, reflect.ValueOf(consumer).Elem(), at)
		}
	}
}

func findConsumer(consumers []Consumer, name string) *Consumer {
	for i := range consumers {
		if consumers[i].Name == name {
			return &consumers[i]
		}
	}
	return nil
}

// decodeTree reads a setting of any shape.
func (l *loader) decodeTree(n *yaml.Node, v reflect.Value, path string) {
	l.forget(path)
	tree, ok := l.tree(n, path).(map[string]any)
	if !ok {
		if _, reported := l.bad[path]; !reported {
			l.reportNode(n, path, "must be a mapping, not "+kindOf(n))
		}
		return
	}
	v.Set(reflect.ValueOf(tree))
}

// tree returns a node as JSON has it: maps, lists, texts, numbers (int64 or
// float64), booleans and null.
func (l *loader) tree(n *yaml.Node, path string) any {
	l.where[path] = place{l.file, n.Line, n.Column}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	if !l.plain(n, path) {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		tree := map[string]any{}
		for _, m := range l.members(n, path) {
			tree[m.key] = l.tree(m.value, join(path, m.key))
		}
		return tree
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, entry := range n.Content {
			list[i] = l.tree(entry, fmt.Sprintf("%s[%d]", path, i))
		}
		return list
	default:
		return l.leaf(n, path)
	}
}

func (l *loader) leaf(n *yaml.Node, path string) any {
	switch {
	case isText(n):
		return n.Value
	case n.Value == "true" || n.Value == "false":
		return n.Value == "true"
	case jsonNumber.MatchString(n.Value):
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	l.reportNode(n, path, fmt.Sprintf("%q: put it into quotes if it is meant as text", shorten(n.Value)))
	return nil
}
