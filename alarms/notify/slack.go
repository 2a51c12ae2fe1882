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

	plain string // the text, if Slack does not take the blocks
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
func (s *slack) firing(ctx context.Context, d pipeline.Destination, c credential, m message, t *told) error {
	post := slackMessage{Channel: d.Channel, Text: headline(m), plain: plainAlarm(m), Blocks: encodeBlocks(alarmBlocks(m))}
	if t.TS != "" {
		post.Channel, post.ThreadTS = t.Channel, t.TS
	}
	return s.post(ctx, d, c, post, t)
}

// over shows in the first message that the incident is over, and says so in the
// thread. The change comes first: it may be repeated, the message may not.
func (s *slack) over(ctx context.Context, d pipeline.Destination, c credential, m message, t *told) error {
	post := slackMessage{Channel: d.Channel, Text: headline(m), plain: plainOver(m), Blocks: encodeBlocks(overBlocks(m))}
	if t.TS != "" { // else nothing is known of a thread
		changed := post
		changed.Channel, changed.TS, changed.Blocks = t.Channel, t.TS, markOver(t.Blocks, m)
		if _, _, err := s.send(ctx, d, c, updateMessage, changed); err != nil && !isGone(codeOf(err)) {
			return err
		}
		post.Channel, post.ThreadTS, post.ReplyBroadcast = t.Channel, t.TS, m.Severity == pipeline.SeverityPage
	}
	return s.post(ctx, d, c, post, t)
}

// post posts a message. If it is the first one of a thread, that is noted.
func (s *slack) post(ctx context.Context, d pipeline.Destination, c credential, post slackMessage, t *told) error {
	answer, moved, err := s.send(ctx, d, c, postMessage, post)
	if err != nil {
		return err
	}
	if post.ThreadTS == "" || moved {
		t.Channel, t.TS, t.Blocks = answer.Channel, answer.TS, post.Blocks
	}
	return nil
}

// Methods of the Web API.
const (
	postMessage   = "chat.postMessage"
	updateMessage = "chat.update"
)

// maxAmbiguous is how often a delivery posts a message of which Slack may have
// posted each.
const maxAmbiguous = 2

// send calls a method until it has an answer that will not change. A message
// that Slack cannot lay out goes as text. One whose thread is gone goes to the
// destination's channel, and moved says so.
func (s *slack) send(ctx context.Context, d pipeline.Destination, c credential, method string, message slackMessage) (answer slackAnswer, moved bool, err error) {
	laidOut, ambiguous := true, 0
	attempt := func(ctx context.Context) error {
		answer, err = s.call(ctx, c, method, message)
		if method == postMessage && isAmbiguous(err) {
			if ambiguous++; ambiguous == maxAmbiguous {
				return &deliveryError{code: codeOf(err), text: err.Error() + "; it may be posted, so it is not tried again now"}
			}
		}
		return err
	}
	for {
		err = retry(ctx, s.pause, attempt)
		code := codeOf(err)
		switch {
		case err == nil:
			return answer, moved, nil
		case isLayout(code) && laidOut:
			laidOut, message.Text, message.Blocks = false, message.plain, nil
			if method == updateMessage {
				message.Blocks = json.RawMessage("[]") // without, it keeps those that it has
			}
		case code == "cant_broadcast_message" && message.ReplyBroadcast:
			message.ReplyBroadcast = false
		case isGone(code) && message.ThreadTS != "":
			message.Channel, message.ThreadTS, message.ReplyBroadcast, moved = d.Channel, "", false, true
		default:
			return answer, moved, err
		}
	}
}

func (s *slack) call(ctx context.Context, c credential, method string, message slackMessage) (answer slackAnswer, err error) {
	body, err := post(ctx, s.client, s.url+"/"+method, c.token, message)
	if err != nil {
		return answer, err
	}
	if json.Unmarshal(body, &answer) != nil {
		return answer, &deliveryError{code: "garbled", text: "the answer is not Slack's", temporary: true, ambiguous: true}
	}
	if !answer.OK {
		return answer, slackError(method, shorten(c.redact(answer.Error), 100))
	}
	return answer, nil
}

// slackErrors says what to do about those errors that come up. (Slack,
// "chat.postMessage", "Errors".) All others are permanent.
var slackErrors = map[string]deliveryError{
	"ratelimited":           {temporary: true},
	"rate_limited":          {temporary: true},
	"internal_error":        {temporary: true, ambiguous: true}, // "some aspect of the operation" may have succeeded
	"fatal_error":           {temporary: true, ambiguous: true}, // likewise
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

// isGone reports whether the message that was meant, or its channel, is not there
// any more or takes no more.
func isGone(code string) bool {
	switch code {
	case "message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message", "edit_window_closed",
		"restricted_action_thread_locked", "is_inactive", "channel_not_found", "is_archived", "not_in_channel":
		return true
	}
	return false
}
