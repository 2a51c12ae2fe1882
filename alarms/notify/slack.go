package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// slack posts to channels with a bot token.
type slack struct {
	client *http.Client
	url    string // of the Web API, without a slash at its end
	pause  time.Duration
}

// slackMessage is what chat.postMessage and chat.update take.
type slackMessage struct {
	Channel        string          `json:"channel"`
	TS             string          `json:"ts,omitempty"` // of the message to change
	Text           string          `json:"text"`
	Blocks         json.RawMessage `json:"blocks,omitempty"`
	ThreadTS       string          `json:"thread_ts,omitempty"`
	ReplyBroadcast bool            `json:"reply_broadcast,omitempty"`
	UnfurlLinks    bool            `json:"unfurl_links"`
	UnfurlMedia    bool            `json:"unfurl_media"`
}

// slackAnswer is what they answer, with status 200 even when they refuse.
type slackAnswer struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// firing posts the first message of an incident, or a further one to its
// thread.
func (s *slack) firing(ctx context.Context, d pipeline.Destination, c credential, m Message, t *told) error {
	blocks := encodeBlocks(alarmBlocks(m))
	post := slackMessage{Channel: d.Channel, Text: headline(m), Blocks: blocks}
	if t.TS != "" {
		post.Channel, post.ThreadTS = t.Channel, t.TS
	}
	answer, err := s.send(ctx, c, "chat.postMessage", post)
	if err != nil {
		return err
	}
	if post.ThreadTS == "" || isGone(answer.Error) {
		t.Channel, t.TS, t.Blocks = answer.Channel, answer.TS, blocks
	}
	return nil
}

// over shows in the first message that the incident is over, and says so in the
// thread. The change comes first: it may be repeated, the message may not.
func (s *slack) over(ctx context.Context, d pipeline.Destination, c credential, m Message, t *told) error {
	post := slackMessage{Channel: d.Channel, Text: headline(m), Blocks: encodeBlocks(overBlocks(m))}
	if t.TS == "" { // nothing is known of a thread
		answer, err := s.send(ctx, c, "chat.postMessage", post)
		t.Channel, t.TS, t.Blocks = answer.Channel, answer.TS, post.Blocks
		return err
	}
	changed := slackMessage{Channel: t.Channel, TS: t.TS, Text: headline(m), Blocks: markOver(t.Blocks, m)}
	if _, err := s.send(ctx, c, "chat.update", changed); err != nil && !isGone(codeOf(err)) {
		return err
	}
	post.Channel, post.ThreadTS, post.ReplyBroadcast = t.Channel, t.TS, m.Severity == pipeline.SeverityPage
	_, err := s.send(ctx, c, "chat.postMessage", post)
	return err
}

// send calls a method until it has an answer that will not change. A message
// that Slack cannot lay out goes as text, and one whose thread is gone without
// it: the answer's Error says so.
func (s *slack) send(ctx context.Context, c credential, method string, message slackMessage) (answer slackAnswer, err error) {
	err = retry(ctx, s.pause, func(ctx context.Context) error {
		answer, err = s.call(ctx, c, method, message)
		return err
	})
	code := codeOf(err)
	switch {
	case err == nil:
		return answer, nil
	case isLayout(code) && message.Blocks != nil:
		message.Blocks = nil
	case isGone(code) && message.ThreadTS != "":
		message.ThreadTS, message.ReplyBroadcast = "", false
	default:
		return answer, err
	}
	answer, err = s.send(ctx, c, method, message)
	if err == nil && isGone(code) {
		answer.Error = code
	}
	return answer, err
}

func (s *slack) call(ctx context.Context, c credential, method string, message slackMessage) (answer slackAnswer, err error) {
	body, err := post(ctx, s.client, s.url+"/"+method, c.token, message)
	if err != nil {
		return answer, err
	}
	if json.Unmarshal(body, &answer) != nil {
		return answer, &deliveryError{code: "garbled", text: "the answer is not Slack's", temporary: true}
	}
	if !answer.OK {
		return answer, slackError(method, c.redact(shorten(answer.Error, 100)))
	}
	return answer, nil
}

// slackErrors says what to do about those errors that come up. (Slack,
// "chat.postMessage", "Errors".) All others are permanent.
var slackErrors = map[string]deliveryError{
	"ratelimited":           {temporary: true},
	"rate_limited":          {temporary: true},
	"internal_error":        {temporary: true},
	"fatal_error":           {temporary: true},
	"service_unavailable":   {temporary: true},
	"request_timeout":       {temporary: true},
	"team_added_to_org":     {temporary: true}, // the workspace is being moved
	"invalid_auth":          {auth: true, text: "put a valid bot token into the secret"},
	"not_authed":            {auth: true, text: "put a valid bot token into the secret"},
	"token_revoked":         {auth: true, text: "put a new bot token into the secret"},
	"token_expired":         {auth: true, text: "put a new bot token into the secret"},
	"account_inactive":      {auth: true, text: "put a bot token of an active app into the secret"},
	"channel_not_found":     {text: "name a channel that exists and, if it is private, invite the bot"},
	"not_in_channel":        {text: "invite the bot to the channel"},
	"is_archived":           {text: "name a channel that is not archived"},
	"missing_scope":         {text: "give the app the scope chat:write"},
	"restricted_action":     {text: "let the app post to the channel"},
	"no_permission":         {text: "let the app post to the channel"},
	"ekm_access_denied":     {text: "ask the workspace's administrators, who have suspended posting"},
	"msg_blocks_too_long":   {},
	"invalid_blocks":        {},
	"invalid_blocks_format": {},
}

func slackError(method, code string) error {
	e := slackErrors[code]
	e.code = orElse(code, "unknown_error")
	advice := e.text
	e.text = fmt.Sprintf("%s: Slack says %s", method, e.code)
	if advice != "" {
		e.text += ": " + advice
	}
	return &e
}

// isLayout reports whether the message may pass without its layout.
func isLayout(code string) bool {
	return code == "invalid_blocks" || code == "invalid_blocks_format" || code == "msg_blocks_too_long"
}

// isGone reports whether the message that was meant is not there any more, or
// takes no more.
func isGone(code string) bool {
	switch code {
	case "message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message", "edit_window_closed",
		"restricted_action_thread_locked", "cant_broadcast_message", "is_inactive":
		return true
	}
	return false
}
