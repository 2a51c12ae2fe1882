package notify

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// heartbeatTimeout bounds the call of the dead man's switch.
const heartbeatTimeout = 5 * time.Second

// heartbeat says that the alarm path works up to here: to a metric filter, by a
// line, and to a dead man's switch outside AWS if there is one. Nothing that
// fails here is worth another delivery, which would be a second heartbeat.
func (n *Notifier) heartbeat(ctx context.Context, note Notification, severity string) {
	if note.New != stateAlarm {
		return
	}
	n.cfg.Logger.InfoContext(ctx, semconv.LogHeartbeat, semconv.LogKeyTopic, severity)
	secret := n.cfg.Pipeline.Routing.HeartbeatSecret
	if secret == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, heartbeatTimeout)
	defer cancel()
	if err := n.callSwitch(ctx, secret); err != nil {
		n.cfg.Logger.WarnContext(ctx, "dead man's switch not called", "secret", secret, "error", err.Error())
	}
}

func (n *Notifier) callSwitch(ctx context.Context, secret string) error {
	address, err := n.secrets.get(ctx, secret, "")
	if err != nil {
		return err
	}
	if !isAddress(strings.TrimSpace(address)) {
		return &deliveryError{code: "bad_secret", text: "the secret is not an address: want https://..."}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return &deliveryError{code: "bad_address", text: "the secret is not an address: want https://..."}
	}
	_, err = do(n.client, req)
	return err
}
