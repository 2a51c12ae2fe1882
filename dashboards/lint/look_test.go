package lint_test

// lookCases are about units, axes and colours.
func lookCases() map[string][]ruleCase {
	graph := func(defaults string) string {
		return panel(`"type":"timeseries","fieldConfig":{"defaults":{` + defaults + `}}`)
	}
	override := func(id, value string) string {
		return panel(`"type":"table","fieldConfig":{"defaults":{},"overrides":[{"properties":[{"id":"` + id + `","value":` + value + `}]}]}`)
	}
	stat := func(options string) string { return panel(`"type":"stat","options":{` + options + `}`) }
	steps := `"color":{"mode":"thresholds"},"thresholds":{"steps":[{"value":null,"color":"blue"},{"value":1,"color":"orange"}]}`
	const at = "$.panels[0].fieldConfig.defaults"
	return map[string][]ruleCase{
		"unit": {
			{name: "unknown", good: graph(`"unit":"ms"`), bad: graph(`"unit":"msec"`), path: at + ".unit", message: `no unit "msec"`},
			{name: "none", good: graph(`"unit":"suffix: ACU"`), bad: graph(``), path: at + ".unit", message: "no unit: want one"},
			{name: "empty suffix", good: graph(`"unit":"$unit"`), bad: graph(`"unit":"suffix:"`), path: at + ".unit", message: "no unit"},
			{name: "in an override", good: override("unit", `"s"`), bad: override("unit", `"sec"`), path: "$.panels[0].fieldConfig.overrides[0].properties[0].value", message: `"sec"`},
		},
		"reducer": {
			{name: "unknown", good: stat(`"reduceOptions":{"calcs":["lastNotNull"]}`), bad: stat(`"reduceOptions":{"calcs":["lastNotNul"]}`), path: "$.panels[0].options.reduceOptions.calcs[0]", message: "is lastNotNull meant?"},
			{name: "in a legend", good: stat(`"legend":{"calcs":["max"]}`), bad: stat(`"legend":{"calcs":["maximum"]}`), path: "$.panels[0].options.legend.calcs[0]", message: `"maximum"`},
		},
		"axis": {
			{name: "no least value", good: graph(`"unit":"percent","min":0`), bad: graph(`"unit":"percent"`), path: at + ".min", message: "no least value"},
			{name: "count", good: graph(`"unit":"short","custom":{"axisSoftMin":0}`), bad: graph(`"unit":"short"`), path: at + ".min", message: "no least value"},
			{name: "difference", good: graph(`"unit":"s","custom":{"axisCenteredZero":true}`), bad: graph(`"unit":"s","custom":{"axisCenteredZero":false}`), path: at + ".min", message: "no least value"},
			{name: "degrees may be negative", good: graph(`"unit":"celsius"`), bad: graph(`"unit":"celsius","decimals":5`), path: at + ".decimals", message: "0 to 3"},
			{name: "decimals", good: override("decimals", `2`), bad: override("decimals", `1.5`), path: "$.panels[0].fieldConfig.overrides[0].properties[0].value", message: "1.5"},
		},
		"percent": {
			{name: "threshold", good: graph(`"unit":"percentunit","thresholds":{"steps":[{"value":0.05}]}`), bad: graph(`"unit":"percentunit","thresholds":{"steps":[{"value":5}]}`), path: at + ".thresholds.steps[0].value", message: "want 0.05"},
			{name: "max of percentunit", good: graph(`"unit":"percentunit","max":1`), bad: graph(`"unit":"percentunit","max":100`), path: at + ".max", message: "want 1"},
			{name: "max of percent", good: graph(`"unit":"percent","max":100`), bad: graph(`"unit":"percent","max":1`), path: at + ".max", message: "want 100"},
		},
		"colour-mode": {
			{name: "unknown", good: graph(`"color":{"mode":"palette-colorblind"}`), bad: graph(`"color":{"mode":"palette-colourblind"}`), path: at + ".color.mode", message: "is palette-colorblind meant?"},
			{name: "classic", good: graph(`"color":{"mode":"continuous-viridis"}`), bad: graph(`"color":{"mode":"palette-classic"}`), path: at + ".color.mode", message: "look alike"},
			{name: "not set", good: graph(`"color":{"mode":"fixed"}`), bad: graph(``), path: at + ".color.mode", message: "not set"},
			{name: "heat map", good: panel(`"type":"heatmap","options":{"color":{"scheme":"Oranges"}}`), bad: panel(`"type":"heatmap","options":{"color":{"scheme":"Spectral"}}`), path: "$.panels[0].options.color.scheme", message: "light to dark"},
		},
		"colour": {
			{name: "name", good: graph(`"color":{"fixedColor":"semi-dark-orange"}`), bad: graph(`"color":{"fixedColor":"semi-dark-green"}`), path: at + ".color.fixedColor", message: "semi-dark-green"},
			{name: "hex", good: graph(`"color":{"fixedColor":"#0072B2"}`), bad: graph(`"color":{"fixedColor":"#ff0000"}`), path: at + ".color.fixedColor", message: "#ff0000"},
			{name: "threshold", good: graph(`"thresholds":{"steps":[{"color":"yellow"}]}`), bad: graph(`"thresholds":{"steps":[{"color":"red"}]}`), path: at + ".thresholds.steps[0].color", message: "red"},
			{name: "annotation", good: whole(`"annotations":{"list":[{"iconColor":"blue"}]}`), bad: whole(`"annotations":{"list":[{"iconColor":"purple"}]}`), path: "$.annotations.list[0].iconColor", message: "purple"},
			{name: "threshold without a line", good: graph(steps + `,"custom":{"thresholdsStyle":{"mode":"dashed+area"}}`), bad: graph(steps + `,"custom":{"thresholdsStyle":{"mode":"area"}}`), path: at + ".custom.thresholdsStyle.mode", message: "line or dashed"},
			{
				name: "number without its text", good: panel(`"type":"stat","fieldConfig":{"defaults":{` + steps + `}},"options":{"textMode":"auto"}`),
				bad: panel(`"type":"stat","fieldConfig":{"defaults":{` + steps + `}},"options":{"textMode":"none"}`), path: "$.panels[0].options.textMode", message: "as text",
			},
			{
				name: "states without their text", good: panel(`"type":"state-timeline","fieldConfig":{"defaults":{` + steps + `}}`),
				bad: panel(`"type":"state-timeline","fieldConfig":{"defaults":{` + steps + `}},"options":{"showValue":"never"}`), path: "$.panels[0].options.showValue", message: "as text",
			},
		},
	}
}
