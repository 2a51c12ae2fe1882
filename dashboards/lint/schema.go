package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// registerPlugins tells the SDK of panels and queries. It writes to a map of
// the SDK's own, so once.
var registerPlugins = sync.OnceFunc(plugins.RegisterDefaultPlugins)

// checkSchema decodes strictly, as the SDK does it. The SDK is lenient with
// fieldConfig and with the queries of data sources that it does not know: the
// former is decoded once more.
func checkSchema(c *checker) {
	checkSize(c)
	registerPlugins()
	var d dashboard.Dashboard
	if err := guarded(func() error { return d.UnmarshalJSONStrict(c.content) }); err != nil {
		c.reportSDK(c.root, err)
	} else if err := guarded(d.Validate); err != nil {
		c.reportSDK(c.root, err)
	}
	for _, p := range c.panels {
		if config := p.get("fieldConfig"); config.exists() {
			raw, err := json.Marshal(config.value)
			if err != nil {
				continue // it was decoded from JSON
			}
			var f dashboard.FieldConfigSource
			if err := guarded(func() error { return f.UnmarshalJSONStrict(raw) }); err != nil {
				c.reportSDK(config, err)
			}
		}
	}
}

// guarded turns a panic of the SDK, whose generated code trusts its input
// here and there, into an error.
func guarded(decode func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be decoded: %v", p)
		}
	}()
	return decode()
}

// reportSDK reports each of the SDK's errors once, where it stands.
func (c *checker) reportSDK(at *node, err error) {
	all, ok := errors.AsType[cog.BuildErrors](err)
	if !ok {
		c.report(at, "%v", err)
		return
	}
	if c.places == nil {
		c.places = make(map[string]*panel, len(c.panels))
		for _, p := range c.panels {
			c.places[p.path()] = p
		}
	}
	// The SDK ranges over maps: without order the findings would come in another one each time.
	slices.SortStableFunc(all, func(a, b *cog.BuildError) int { return strings.Compare(a.Error(), b.Error()) })
	for _, e := range slices.CompactFunc(all, func(a, b *cog.BuildError) bool { return *a == *b }) {
		if len(c.findings) == MaxFindings {
			return
		}
		place := c.follow(at, e.Path)
		if leftOut(place) {
			continue
		}
		message := e.Message
		if name, ok := strings.CutPrefix(message, "unexpected field "); ok {
			message = fmt.Sprintf("the SDK knows no field %s here: is it misspelt? Grafana drops those without a word", strings.ReplaceAll(name, "'", `"`))
		}
		if m := wrongType.FindStringSubmatch(message); m != nil {
			message = fmt.Sprintf("the type is wrong: is %s, want %s", m[1], typeName(m[2]))
		}
		c.report(place, "%s", message)
	}
}

// wrongType is what encoding/json says of a type.
var wrongType = regexp.MustCompile(`^json: cannot unmarshal (\w+)(?: \S+)? into Go (?:value|struct field \S+) of type (\S+)$`)

// typeName is JSON's word for a type of Go.
func typeName(of string) string {
	switch of = strings.TrimLeft(of, "*"); {
	case strings.HasPrefix(of, "map["):
		return "an object"
	case strings.HasPrefix(of, "[]"):
		return "a list"
	case strings.HasPrefix(of, "int"), strings.HasPrefix(of, "uint"), strings.HasPrefix(of, "float"):
		return "a number (" + of + ")"
	case of == "string", of == "bool":
		return "a " + of
	default:
		return "what the SDK calls " + of
	}
}

// leftOut reports whether a field is missing that the SDK wants in every link
// and that Grafana's own editor leaves out of those of panels and values.
func leftOut(n *node) bool {
	if n.exists() || !slices.Contains([]string{"type", "icon", "tooltip", "tags"}, n.key) || n.parent.parent == nil {
		return false
	}
	list := n.parent.parent
	return list.key == "links" && list.parent.parent != nil // not in the dashboard's head
}

// follow walks down one of the SDK's paths, such as panels[3].Panel.gridPos.w.
// Steps that are names of Go types are left out.
func (c *checker) follow(at *node, path string) *node {
	for step := range strings.SplitSeq(path, ".") {
		name, indexes, _ := strings.Cut(step, "[")
		next := at.get(name)
		for index := range strings.SplitSeq(strings.TrimSuffix(indexes, "]"), "][") {
			i, err := strconv.Atoi(index)
			if list, ok := next.value.([]any); err == nil && ok && i >= 0 && i < len(list) {
				next = &node{value: list[i], parent: next, index: i}
				next.about = c.places[next.path()]
			}
		}
		switch _, isObject := at.value.(map[string]any); {
		case next.exists():
			at = next
		case isObject && name != "" && unicode.IsLower(rune(name[0])):
			return next // a field that is missing
		}
	}
	return at
}
