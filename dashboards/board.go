package dashboards

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Board is one dashboard.
type Board struct {
	Name        string // one of pipeline.Boards
	UID         string
	Title       string
	Description string

	head   dashboard.Dashboard
	panels []any                     // *dashboard.Panel or *dashboard.RowPanel
	links  []dashboard.DashboardLink // what stands for standIn
}

// File is the name of the board's file.
func (b *Board) File() string { return b.Name + ".json" }

// schemaVersion is that of Grafana 12's classic form, which later ones read.
const schemaVersion = 41

// head is the dashboard without its panels.
func (d *drawing) head(k *kind, b *Board) dashboard.Dashboard {
	p := d.pipeline
	return dashboard.Dashboard{
		Uid: &b.UID, Title: &b.Title, Description: &b.Description,
		Tags:     []string{"tracehaul", p.Product, p.Environment, k.name},
		Timezone: new("browser"), Editable: new(false), GraphTooltip: new(dashboard.DashboardCursorSyncCrosshair),
		Time: &dashboard.DashboardDashboardTime{From: k.from, To: "now"}, Timepicker: &dashboard.TimePickerConfig{},
		Refresh: new(seconds(p.Dashboards.Refresh)), SchemaVersion: schemaVersion,
		Templating:  dashboard.DashboardDashboardTemplating{List: d.variables()},
		Annotations: dashboard.AnnotationContainer{List: []dashboard.AnnotationQuery{d.deploys()}},
	}
}

// deploys are the annotations that `tracehaul deploy annotate` writes, as lines
// in every graph.
func (d *drawing) deploys() dashboard.AnnotationQuery {
	return dashboard.AnnotationQuery{
		Name: "Deploys", Enable: true, IconColor: "#0072B2",
		Datasource: &common.DataSourceRef{Type: new("grafana"), Uid: new("-- Grafana --")},
		Target:     variants.UnknownDataquery{"limit": 100, "matchAny": false, "tags": []string{"deploy", d.pipeline.Prefix()}, "type": "tags"},
	}
}

// siblings links the boards with each other, keeping time and variables.
func (b *builder) siblings(boards []Board) {
	for i := range boards {
		var links []dashboard.DashboardLink
		for j := range boards {
			if i == j {
				continue
			}
			_, title, _ := strings.Cut(boards[j].Title, ": ")
			links = append(links, dashboard.DashboardLink{
				Title: title, Type: dashboard.DashboardLinkTypeLink, Icon: "dashboard", Tooltip: boards[j].Description, Tags: []string{},
				Url: new("/d/" + boards[j].UID), IncludeVars: true, KeepTime: true,
			})
		}
		boards[i].head.Links = links
	}
}

// JSON returns the dashboard in Grafana's classic form, which the provisioning
// folder, the Grafana provider for Terraform and the import page take. It is the
// same, byte by byte, for the same pipeline.
func (b *Board) JSON() []byte { return b.AppendJSON(nil) }

// AppendJSON appends what JSON returns, for whoever makes many.
func (b *Board) AppendJSON(to []byte) []byte {
	// The SDK's own type for a panel or a row would encode each twice.
	return appendJSON(to, struct {
		dashboard.Dashboard
		Panels []any `json:"panels"`
	}{b.head, b.panels}, b.links)
}
