package lint

// gridWidth is how many columns a dashboard has. (Grafana, "Dashboard JSON model".)
const gridWidth = 24

// box is where a panel stands on the grid.
type box struct {
	panel      *panel
	x, y, w, h float64
}

func (b box) overlaps(o box) bool {
	return b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h
}

// checkLayout compares panels that are seen together. What is in a collapsed
// row has places of its own: the row pushes down what follows when it opens.
func checkLayout(c *checker) {
	groups := make(map[*panel][]box)
	for _, p := range c.panels {
		b, ok := c.box(p)
		if !ok {
			continue
		}
		for _, other := range groups[p.row] {
			if b.overlaps(other) {
				c.report(p.get("gridPos"), "overlaps panel %d %q: Grafana moves one of them", other.panel.id, other.panel.title)
				break
			}
		}
		groups[p.row] = append(groups[p.row], b)
		if p.kind == kindRow {
			c.checkRow(p, b)
		}
	}
}

// box reads the place of a panel, and reports a place that cannot be.
func (c *checker) box(p *panel) (box, bool) {
	grid := p.get("gridPos")
	b := box{panel: p}
	for _, side := range []struct {
		key  string
		to   *float64
		from float64
	}{{"x", &b.x, 0}, {"y", &b.y, 0}, {"w", &b.w, 1}, {"h", &b.h, 1}} {
		x, ok := grid.get(side.key).number()
		if !ok || x < side.from || x != float64(int64(x)) {
			c.report(grid.get(side.key), "gridPos.%s is %s: want a whole number from %v", side.key, grid.get(side.key).shown(), side.from)
			return box{}, false
		}
		*side.to = x
	}
	if b.x+b.w > gridWidth {
		c.report(grid, "the panel ends at column %v: the grid has %d", b.x+b.w, gridWidth)
		return box{}, false
	}
	return b, true
}

func (c *checker) checkRow(p *panel, b box) {
	if b.x != 0 || b.w != gridWidth || b.h != 1 {
		c.report(p.get("gridPos"), "the row is %v wide, %v high and begins at column %v: want %d, 1 and 0", b.w, b.h, b.x, gridWidth)
	}
	collapsed, inside := p.get("collapsed").isTrue(), p.get("panels").len()
	switch {
	case p.row != nil:
		c.report(p.node, "a row is within a row: Grafana has one level of rows")
	case collapsed && inside == 0:
		c.report(p.get("panels"), "the collapsed row has no panels: want them in its panels")
	case !collapsed && inside > 0:
		c.report(p.get("panels"), "the open row holds its panels: want them beside it, in $.panels, or it collapsed")
	}
}
