package notifytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Slack is a workspace with channels and one bot.
type Slack struct {
	Faults
	problems

	mu       sync.Mutex
	token    string
	channels map[string]string // ids by name
	closed   map[string]string // errors by id
	quiet    bool              // no broadcasts
	posts    []*Post
	sent     int
}

// Post is a message in a channel.
type Post struct {
	Channel   string // id
	TS        string
	ThreadTS  string
	Broadcast bool
	Text      string
	Blocks    json.RawMessage
	Updates   int
}

func newSlack() *Slack {
	return &Slack{token: "xoxb-first", closed: map[string]string{}, channels: map[string]string{"#orders-alerts": "C0ALERTS", "#orders-dev": "C0DEV"}}
}

// Rotate makes another token the only valid one.
func (s *Slack) Rotate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Close has a channel answer with an error.
func (s *Slack) Close(channel, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[s.channel(channel)] = code
}

// RefuseBroadcasts lets nobody post an answer in a thread to the channel as well.
func (s *Slack) RefuseBroadcasts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet = true
}

// Remove deletes a message.
func (s *Slack) Remove(ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = slices.DeleteFunc(s.posts, func(p *Post) bool { return p.TS == ts })
}

// Posts returns all messages, the first one first.
func (s *Slack) Posts() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	var posts []Post
	for _, p := range s.posts {
		posts = append(posts, *p)
	}
	return posts
}

// ServeHTTP answers calls of the Web API.
func (s *Slack) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.wrap(w, q, func(w http.ResponseWriter) { s.serve(w, q) })
}

type slackCall struct {
	Channel        string          `json:"channel"`
	TS             string          `json:"ts"`
	Text           string          `json:"text"`
	Blocks         json.RawMessage `json:"blocks"`
	ThreadTS       string          `json:"thread_ts"`
	ReplyBroadcast bool            `json:"reply_broadcast"`
	UnfurlLinks    *bool           `json:"unfurl_links"`
	UnfurlMedia    *bool           `json:"unfurl_media"`
}

// serve follows "chat.postMessage" and "chat.update" in Slack's reference.
func (s *Slack) serve(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	no := func(code string) { answer(w, http.StatusOK, map[string]any{"ok": false, "error": code}) }
	method := strings.TrimPrefix(q.URL.Path, "/api/")
	if q.Method != http.MethodPost || q.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		s.add("%s %s with Content-Type %q", q.Method, q.URL.Path, q.Header.Get("Content-Type"))
		no("invalid_form_data")
		return
	}
	if q.Header.Get("Authorization") != "Bearer "+s.token {
		no("invalid_auth")
		return
	}
	var c slackCall
	if err := decode(q, &c); err != nil {
		s.add("%s: %v", method, err)
		no("invalid_json")
		return
	}
	if c.Text == "" {
		s.add("%s: no text to fall back to", method)
	}
	if code, problem := checkBlocks(c.Blocks); problem != "" && (method != "chat.update" || string(c.Blocks) != "[]") {
		s.add("%s: %s", method, problem)
		no(code)
		return
	}
	if problem := checkMarkup(c.Text); problem != "" {
		s.add("%s: text: %s", method, problem)
	}
	switch method {
	case "chat.postMessage":
		s.post(w, c, no)
	case "chat.update":
		s.update(w, c, no)
	default:
		no("unknown_method")
	}
}

func (s *Slack) post(w http.ResponseWriter, c slackCall, no func(string)) {
	id := s.channel(c.Channel)
	if id == "" {
		no("channel_not_found")
		return
	}
	if code := s.closed[id]; code != "" {
		no(code)
		return
	}
	if c.ReplyBroadcast && s.quiet {
		no("cant_broadcast_message")
		return
	}
	if c.ThreadTS != "" {
		if root := s.find(id, c.ThreadTS); root == nil || root.ThreadTS != "" {
			no("thread_not_found")
			return
		}
	}
	if c.ReplyBroadcast && c.ThreadTS == "" {
		s.add("chat.postMessage: reply_broadcast without thread_ts")
	}
	s.sent++
	ts := fmt.Sprintf("1774000000.%06d", s.sent)
	s.posts = append(s.posts, &Post{Channel: id, TS: ts, ThreadTS: c.ThreadTS, Broadcast: c.ReplyBroadcast, Text: c.Text, Blocks: c.Blocks})
	answer(w, http.StatusOK, map[string]any{"ok": true, "channel": id, "ts": ts})
}

func (s *Slack) update(w http.ResponseWriter, c slackCall, no func(string)) {
	if !strings.HasPrefix(c.Channel, "C") { // it takes ids only
		no("channel_not_found")
		return
	}
	if code := s.closed[c.Channel]; code != "" {
		no(code)
		return
	}
	p := s.find(c.Channel, c.TS)
	if p == nil {
		no("message_not_found")
		return
	}
	p.Text, p.Updates = c.Text, p.Updates+1
	if c.Blocks != nil { // else it keeps those that it has
		p.Blocks = c.Blocks
	}
	answer(w, http.StatusOK, map[string]any{"ok": true, "channel": c.Channel, "ts": c.TS})
}

func (s *Slack) channel(name string) string {
	for known, id := range s.channels {
		if name == known || name == id {
			return id
		}
	}
	return ""
}

func (s *Slack) find(channel, ts string) *Post {
	for _, p := range s.posts {
		if p.Channel == channel && p.TS == ts {
			return p
		}
	}
	return nil
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text"`
	Fields   []slackText `json:"fields"`
	Elements []slackText `json:"elements"`
}

type slackText struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji"`
}

// checkBlocks follows "Reference: Layout blocks". The bound of the whole is
// what was measured in slackapi/bolt-js#2509.
func checkBlocks(raw json.RawMessage) (code, problem string) {
	if raw == nil {
		return "", ""
	}
	var blocks []slackBlock
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(&blocks); err != nil {
		return "invalid_blocks_format", err.Error()
	}
	if len(blocks) == 0 || len(blocks) > 50 {
		return "invalid_blocks", fmt.Sprintf("%d blocks", len(blocks))
	}
	if n := utf8.RuneCount(raw); n > 13000 {
		return "msg_blocks_too_long", fmt.Sprintf("the blocks have %d characters", n)
	}
	for i, b := range blocks {
		if problem := b.check(); problem != "" {
			return "invalid_blocks", fmt.Sprintf("blocks[%d], %s: %s", i, b.Type, problem)
		}
	}
	return "", ""
}

func (b slackBlock) check() string {
	switch b.Type {
	case "header":
		if b.Text == nil || b.Text.Type != "plain_text" {
			return "want a plain_text"
		}
		return b.Text.check(150)
	case "section":
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			return fmt.Sprintf("want a text, or 1 to 10 fields instead of %d", len(b.Fields))
		}
		if b.Text != nil {
			return b.Text.check(3000)
		}
		return checkTexts(b.Fields, 2000)
	case "context":
		if len(b.Elements) == 0 || len(b.Elements) > 10 {
			return fmt.Sprintf("%d elements", len(b.Elements))
		}
		return checkTexts(b.Elements, 3000)
	}
	return "no such type here"
}

func checkTexts(texts []slackText, most int) string {
	for _, t := range texts {
		if problem := t.check(most); problem != "" {
			return problem
		}
	}
	return ""
}

func (t slackText) check(most int) string {
	if n := utf8.RuneCountInString(t.Text); n == 0 || n > most {
		return fmt.Sprintf("a text has %d characters: want 1 to %d", n, most)
	}
	switch t.Type {
	case "plain_text":
		return ""
	case "mrkdwn":
		if t.Emoji != nil {
			return "emoji is for plain_text"
		}
		return checkMarkup(t.Text)
	}
	return "type " + t.Type
}

// A link, a date, and an escape. ("Formatting text for app surfaces".)
var slackMarkup = regexp.MustCompile(`<https?://[^<>|\s]+\|[^<>|]+>|<!date\^[0-9]+\^[^<>|^]+\|[^<>|]+>|&(amp|lt|gt);`)

// checkMarkup reports what Slack would take for markup and was not meant so.
func checkMarkup(s string) string {
	if rest := slackMarkup.ReplaceAllString(s, ""); strings.ContainsAny(rest, "<>&") {
		return fmt.Sprintf("unescaped text: %q", rest)
	}
	return ""
}
