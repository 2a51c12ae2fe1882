package lint

import (
	"regexp"
	"slices"
	"strings"
)

// safeHues are the names of Grafana's colours that stay apart for people who
// see red, green or blue weakly, each with its four shades. Red and green are
// one colour to one man in twelve, and purple is blue to those who see no red.
//
// The test measures both.
//
// Source: Okabe and Ito, "Color Universal Design", whose palette separates by
// blue against orange and by lightness.
var safeHues = []string{"blue", "orange", "yellow"}

// safeColours are colours without a hue, and the palette of Okabe and Ito itself.
var safeColours = setOf([]string{
	"text", "transparent", "white", "black", "gray", "grey", "#000000", "#ffffff", "#999999",
	"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
})

var shade = regexp.MustCompile(`^(super-light-|light-|semi-dark-|dark-)`)

// safeModes are the colour modes whose colours stay apart, or that choose none
// themselves. Those with red and green in them are left out, and the classic
// palettes, which have both.
var safeModes = setOf([]string{
	"fixed", "shades", "thresholds", "palette-colorblind",
	"continuous-BlPu", "continuous-BlYlRd", "continuous-YlBl", "continuous-YlRd", "continuous-blues", "continuous-cividis", "continuous-greens",
	"continuous-inferno", "continuous-magma", "continuous-plasma", "continuous-purples", "continuous-reds", "continuous-viridis",
})

// safeSchemes are the schemes of heat maps that go from light to dark.
var safeSchemes = setOf([]string{
	"Blues", "Cividis", "Greens", "Greys", "Inferno", "Magma", "Oranges", "Plasma", "Purples", "Reds", "Viridis", "YlOrBr", "YlOrRd", "YlGnBu",
})

// colourKeys hold a colour.
var colourKeys = []string{"color", "fixedColor", "iconColor", "lineColor", "fillColor", "pointColor"}

func checkColourModes(c *checker) {
	for p := range c.drawn() {
		for _, f := range p.fields() {
			if !f.sets("color") {
				continue
			}
			mode := f.get("color").get("mode")
			_, known := grafanaNames().colourModes[mode.text()]
			_, safe := safeModes[mode.text()]
			_, draws := numberPanels[p.kind]
			switch {
			case mode.text() == "" && draws:
				c.report(mode, "the colour mode is not set: Grafana takes palette-classic, whose red and green look alike to some; want palette-colorblind, or fixed")
			case mode.text() == "":
			case !known:
				c.report(mode, "there is no colour mode %q%s", mode.text(), c.meant(mode.text(), keys(grafanaNames().colourModes)))
			case !safe:
				c.report(mode, "the colours of %q look alike to some: want palette-colorblind, fixed, thresholds or a scale of one hue", mode.text())
			}
		}
		if scheme := p.get("options", "color", "scheme"); p.kind == "heatmap" && scheme.text() != "" {
			if _, ok := safeSchemes[scheme.text()]; !ok {
				c.report(scheme, "the colours of %q do not go from light to dark: want one of %s", scheme.text(), quoted(keys(safeSchemes)))
			}
		}
	}
}

func checkColours(c *checker) {
	c.root.walk(func(n *node) bool {
		if n.key == "targets" || n.key == "templating" {
			return false
		}
		if colour := n.text(); colour != "" && slices.Contains(colourKeys, n.key) && !safeColour(colour) {
			c.report(n, "the colour %q looks like another one to some: want one of %s with their shades, text, or one of Okabe and Ito's such as #0072B2", colour, quoted(safeHues))
		}
		return true
	})
	for p := range c.drawn() {
		c.checkSecondSign(p)
	}
}

func safeColour(name string) bool {
	name = strings.ToLower(name)
	_, ok := safeColours[name]
	return ok || slices.Contains(safeHues, shade.ReplaceAllString(name, ""))
}

// checkSecondSign finds thresholds that are told by colour alone: a line, or
// the number itself, must say the same.
func (c *checker) checkSecondSign(p *panel) {
	config := p.get("fieldConfig", "defaults")
	if config.get("thresholds", "steps").len() < 2 || config.get("color", "mode").text() != "thresholds" {
		return
	}
	switch p.kind {
	case "timeseries", "trend":
		if style := config.get("custom", "thresholdsStyle", "mode"); !drawsLine(style.text()) {
			c.report(style, "thresholds show as colours alone: want a line or dashed style, too")
		}
	case "stat":
		if mode := p.get("options", "textMode"); mode.text() == "none" || mode.text() == "name" {
			c.report(mode, "thresholds show as colours alone: want the value as text, too")
		}
	case "state-timeline", "status-history":
		if show := p.get("options", "showValue"); show.text() == "never" {
			c.report(show, "states show as colours alone: want the values as text, too")
		}
	}
}

func drawsLine(style string) bool {
	return strings.HasPrefix(style, "line") || strings.HasPrefix(style, "dashed")
}
