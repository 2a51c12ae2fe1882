package probe

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Count returns how many queries were asked, and how many of these show no
// data.
func Count(results []Result) (asked, without int) {
	for i := range results {
		if results[i].Skipped != "" {
			continue
		}
		if asked++; !results[i].ShowsData() {
			without++
		}
	}
	return asked, without
}

// Write writes a table with a line for each query that was asked, with its text
// if queries is true. Behind it are those without data and those that find zeros
// alone, with their text, what was not asked, and the count.
func Write(w io.Writer, results []Result, queries bool) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := "SERIES\tPOINTS\tDASHBOARD\tPANEL\tREF"
	if queries {
		head += "\tQUERY"
	}
	_, _ = fmt.Fprintln(table, head) // Flush tells
	for i := range results {
		r := &results[i]
		if r.Skipped != "" {
			continue
		}
		counts := fmt.Sprintf("%d\t%d", r.Series, r.Points)
		if r.Err != nil {
			counts = "-\t-"
		}
		line := fmt.Sprintf("%s\t%s\t%s\t%s", counts, r.Dashboard, r.Panel, cmp.Or(r.RefID, "-"))
		if queries {
			line += "\t" + oneLine(r.Query)
		}
		_, _ = fmt.Fprintln(table, line)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return writeRest(w, results)
}

func writeRest(w io.Writer, results []Result) error {
	asked, without := Count(results)
	var b strings.Builder
	writeSome(&b, "Without data", results, func(r Result) bool { return r.Skipped == "" && !r.ShowsData() })
	writeSome(&b, "Zeros alone", results, Result.OnlyZeros)
	skipped := make(map[string]int)
	for i := range results {
		if why := results[i].Skipped; why != "" {
			skipped[why]++
		}
	}
	b.WriteString("\n")
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		fmt.Fprintf(&b, "%s: %s\n", why, plural(skipped[why]))
	}
	fmt.Fprintf(&b, "%s, %d without data\n", plural(asked), without)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeSome writes the queries of one kind with their texts and errors.
func writeSome(b *strings.Builder, title string, results []Result, of func(Result) bool) {
	for i := range results {
		r := &results[i]
		if !of(*r) {
			continue
		}
		if title != "" {
			fmt.Fprintf(b, "\n%s:\n", title)
			title = ""
		}
		fmt.Fprintf(b, "  %s, %s, %s\n    %s\n", r.Dashboard, r.Panel, cmp.Or(r.RefID, "-"), oneLine(r.Query))
		if r.Err != nil {
			fmt.Fprintf(b, "    %s\n", oneLine(r.Err.Error()))
		}
	}
}

func plural(queries int) string {
	if queries == 1 {
		return "1 query"
	}
	return fmt.Sprintf("%d queries", queries)
}

// String is the panel with its number, which addresses in Grafana have.
func (p Panel) String() string {
	if p.ID == 0 {
		return p.Title
	}
	return fmt.Sprintf("%d %s", p.ID, p.Title)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
