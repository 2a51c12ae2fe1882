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

// names finds a namespace: those of the options come first.
func (c *checker) names(namespace string) (Names, bool) {
	if n, ok := c.options.Namespaces[namespace]; ok {
		return n, true
	}
	for prefix, n := range c.options.Namespaces {
		if strings.HasSuffix(prefix, "/") && strings.HasPrefix(namespace, prefix) {
			return n, true
		}
	}
	n, ok := cloudWatchNames()[namespace]
	return n, ok
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
