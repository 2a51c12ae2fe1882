package lint

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/tracehaul/tracehaul/internal/spelling"
)

var (
	//go:embed data/cloudwatch-metrics.json
	cloudWatchJSON []byte

	//go:embed data/grafana-units.json
	grafanaJSON []byte
)

// leftOutMetrics are those that AWS documents and Grafana's list lacks.
// ("Monitoring Amazon SNS topics using CloudWatch", SNS developer guide.)
var leftOutMetrics = map[string][]string{
	"AWS/SNS": {"NumberOfNotificationsRedrivenToDlq", "NumberOfNotificationsFailedToRedriveToDlq"},
}

// grafana holds the names that Grafana's front end knows.
type grafana struct{ units, reducers, colourModes map[string]struct{} }

var cloudWatchNames = sync.OnceValue(func() map[string]Names {
	var names map[string]Names
	mustDecode(cloudWatchJSON, &names)
	for namespace, more := range leftOutMetrics {
		n := names[namespace]
		n.Metrics = append(n.Metrics, more...)
		names[namespace] = n
	}
	return names
})

var grafanaNames = sync.OnceValue(func() grafana {
	var lists struct {
		Units      []string `json:"units"`
		Reducers   []string `json:"reducers"`
		ColorModes []string `json:"color_modes"`
	}
	mustDecode(grafanaJSON, &lists)
	return grafana{setOf(lists.Units), setOf(lists.Reducers), setOf(lists.ColorModes)}
})

func mustDecode(data []byte, to any) {
	if err := json.Unmarshal(data, to); err != nil {
		panic("lint: reference data: " + err.Error()) // it is compiled in, and tested
	}
}

func setOf(names []string) map[string]struct{} {
	set := make(map[string]struct{}, len(names))
	for _, n := range names {
		set[n] = struct{}{}
	}
	return set
}

// names finds a namespace, whoever knows of it.
func (c *checker) names(namespace string) (Names, bool) {
	given, ok := c.options.Namespaces[namespace]
	if !ok {
		given, ok = c.prefixed(namespace)
	}
	documented, known := cloudWatchNames()[namespace]
	switch {
	case !known:
		return given, ok
	case !ok:
		return documented, true
	default:
		return Names{both(given.Metrics, documented.Metrics), both(given.Dimensions, documented.Dimensions)}, true
	}
}

// prefixed finds what the options say of all namespaces that begin alike.
func (c *checker) prefixed(namespace string) (Names, bool) {
	for prefix, n := range c.options.Namespaces {
		if strings.HasSuffix(prefix, "/") && strings.HasPrefix(namespace, prefix) {
			return n, true
		}
	}
	return Names{}, false
}

// both are the names of two lists. No list stands for any name.
func both(a, b []string) []string {
	if a == nil || b == nil {
		return nil
	}
	return slices.Concat(a, b)
}

// meant adds to a message which known name an unknown one is close to.
func (c *checker) meant(name string, known []string) string {
	if len(c.findings) == MaxFindings {
		return "" // it would not be reported
	}
	best := spelling.Nearest(name, known)
	if best == "" {
		return ""
	}
	return ": is " + best + " meant?"
}

// keys are the names of a set, in order.
func keys(set map[string]struct{}) []string {
	list := make([]string, 0, len(set))
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
