package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Limits of Block Kit. (Slack, "Reference: Layout blocks"; the whole of a
// message is refused from about 13,000 characters, which no page says.)
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
)

// What of a message is left to texts from elsewhere, so that the whole fits.
const (
	maxMeaning = 1500
	maxReading = 300
	maxAllRead = 2000
	maxReason  = 1000
	maxURL     = 700
	maxNext    = 300
)

type block struct {
	Type     string      `json:"type"`
	Text     *blockText  `json:"text,omitempty"`
	Fields   []blockText `json:"fields,omitempty"`
	Elements []blockText `json:"elements,omitempty"`
}

type blockText struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji bool   `json:"emoji,omitempty"`
}

func header(s string) block {
	return block{Type: "header", Text: &blockText{Type: "plain_text", Text: shorten(s, maxHeader), Emoji: true}}
}

func section(s string) block {
	return block{Type: "section", Text: &blockText{Type: "mrkdwn", Text: shorten(s, maxSection)}}
}

func fieldsBlock(pairs ...string) block {
	b := block{Type: "section"}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			b.Fields = append(b.Fields, blockText{Type: "mrkdwn", Text: shorten("*"+pairs[i]+"*\n"+pairs[i+1], maxField)})
		}
	}
	return b
}

func footer(m message) block {
	s := fmt.Sprintf("%s %s · %s · account %s", m.Product, m.Environment, m.Region, m.Account)
	return block{Type: "context", Elements: []blockText{{Type: "mrkdwn", Text: escape(s)}}}
}

// escape escapes what Slack reads as markup. ("Formatting text for app
// surfaces", "Escaping text".)
func escape(s string) string { return slackEscaper.Replace(s) }

var slackEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// cited escapes a text from elsewhere, of which at most so many bytes are kept,
// and no escape in part.
func cited(s string, most int) string {
	whole := escape(s)
	if len(whole) <= most {
		return whole
	}
	const more = "…"
	var b strings.Builder
	for _, r := range s {
		c := escape(string(r))
		if b.Len()+len(c) > most-len(more) {
			break
		}
		b.WriteString(c)
	}
	return b.String() + more
}

// code is a text in the font of code.
func code(s string, most int) string {
	if s == "" {
		return ""
	}
	return "`" + cited(strings.ReplaceAll(s, "`", "'"), most) + "`"
}

// slackLink is an address with a text, or the text alone if the address is long.
func slackLink(address, text string) string {
	if address == "" || len(address) > maxURL {
		return escape(text)
	}
	// A bar ends the address, and angle brackets the link.
	address = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", "&", "&amp;").Replace(address)
	return "<" + address + "|" + escape(text) + ">"
}

// date is a time that Slack shows in the zone of whoever reads it.
func date(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}

// headline is a message in a line: what notifications show.
func headline(m message) string {
	title := cited(m.Title, 200)
	switch m.State {
	case stateOK:
		return "Over: " + title
	case stateUnknown:
		return "No data: " + title
	}
	return strings.ToUpper(m.Severity[:1]) + m.Severity[1:] + ": " + title
}

// emoji of what is on, by severity.
var emoji = map[string]string{
	pipeline.SeverityPage:   ":red_circle:",
	pipeline.SeverityTicket: ":large_orange_circle:",
	pipeline.SeverityNotice: ":large_blue_circle:",
}

const (
	emojiOver    = ":white_check_mark:"
	emojiUnknown = ":grey_question:"
)

// alarmBlocks lays out an alarm that went on, or has no data.
func alarmBlocks(m message) []block {
	sign := emoji[m.Severity]
	if m.State == stateUnknown {
		sign = emojiUnknown
	}
	blocks := []block{header(sign + " " + m.Title)}
	if m.Meaning != "" {
		blocks = append(blocks, section(cited(m.Meaning, maxMeaning)))
	}
	blocks = append(blocks, fieldsBlock(
		"Since", date(m.Since), "Severity", m.Severity, "Owner", cited(m.Owner, 100),
		"Condition", cited(m.Condition, 300), "Alarm", code(m.Alarm, 255), "Hop", cited(m.Hop, 100),
		"Version", versions(m.Cases.Versions), "Runbook", runbookPath(m), "Log query", code(m.Query, 600), "Next", code(m.Next, 2*maxNext),
	))
	if s := readings(m); s != "" {
		blocks = append(blocks, section(s))
	}
	if s := traces(m.Cases.Traces); s != "" {
		blocks = append(blocks, section(s))
	}
	return append(blocks, section(linkLine(m.Links)), footer(m))
}

// overBlocks lays out the end of an incident.
func overBlocks(m message) []block {
	return []block{
		header(emojiOver + " " + m.Title),
		section(overLine(m)),
		section(linkLine(m.Links)),
		footer(m),
	}
}

// plainAlarm and plainOver are what is left of a message without its blocks.
func plainAlarm(m message) string {
	return strings.Join([]string{headline(m), readings(m), linkLine(m.Links)}, "\n")
}

func plainOver(m message) string {
	return strings.Join([]string{headline(m), overLine(m), linkLine(m.Links)}, "\n")
}

func overLine(m message) string {
	if !m.Since.Before(m.Changed) {
		return "*Over* since " + date(m.Changed)
	}
	return fmt.Sprintf("*Over* since %s, after %s", date(m.Changed), lasted(m.Changed.Sub(m.Since)))
}

func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func readings(m message) string {
	var lines []string
	more := m.More
	for i, r := range m.Readings {
		r.What, r.Reason = shorten(r.What, 150), shorten(r.Reason, maxReading)
		line := "• " + escape(r.String())
		if isAddress(r.Runbook) {
			line += " · " + slackLink(r.Runbook, linkRunbook)
		}
		if length(lines)+len(line) > maxAllRead {
			more += len(m.Readings) - i
			break
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return cited(m.Reason, maxReason)
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("• and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// runbookPath is the path of a runbook that has no address to link to.
func runbookPath(m message) string {
	if isAddress(m.Runbook) {
		return ""
	}
	return cited(m.Runbook, 200)
}

func length(lines []string) (n int) {
	for _, line := range lines {
		n += len(line) + 1
	}
	return n
}

func versions(list []version) string {
	var names []string
	for _, v := range list {
		names = append(names, cited(v.Name, 100))
	}
	return strings.Join(names, ", ")
}

// traces are links, unless those are too long for all of them to fit: Grafana's
// have some 400 characters.
func traces(list []failedTrace) string {
	if len(list) == 0 {
		return ""
	}
	linked, plain := []string{"*Failing requests*"}, []string{"*Failing requests*"}
	for _, t := range list {
		linked = append(linked, "• "+slackLink(t.URL, t.ID))
		plain = append(plain, "• "+t.ID)
	}
	if length(linked) > maxSection {
		return strings.Join(plain, "\n")
	}
	return strings.Join(linked, "\n")
}

// linkLine is all links, in what a section takes: the longest address that there
// is no room for is left out, as a part of one leads nowhere.
func linkLine(list []link) string {
	list = slices.Clone(list)
	for {
		var links []string
		longest := 0
		for i, l := range list {
			links = append(links, slackLink(l.URL, l.Text))
			if len(l.URL) > len(list[longest].URL) {
				longest = i
			}
		}
		line := strings.Join(links, " · ")
		if len(line) <= maxSection || list[longest].URL == "" {
			return line
		}
		list[longest].URL = ""
	}
}

func encodeBlocks(blocks []block) json.RawMessage {
	b, err := json.Marshal(blocks)
	if err != nil {
		panic(err) // plain structs
	}
	return b
}

// markOver turns the blocks of an alarm into those of one that is over: with
// what was shown, since that explains it.
func markOver(shown json.RawMessage, m message) json.RawMessage {
	var blocks []block
	if json.Unmarshal(shown, &blocks) != nil || len(blocks) == 0 {
		return encodeBlocks(overBlocks(m))
	}
	marked := append([]block{header(emojiOver + " " + m.Title), section(overLine(m))}, blocks[1:]...)
	return encodeBlocks(marked)
}
