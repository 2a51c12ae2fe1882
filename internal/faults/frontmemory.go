//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

const (
	// largeData is what an event has of data, and of largeEvents one request has
	// largeBatch: together they are more than service.Config.MaxBufferedBytes, and
	// far fewer than MaxPending.
	largeData   = 220_000
	largeBatch  = 4
	largeEvents = 400

	// requestTimeout is service.Config.RequestTimeout, and writeTimeout how long
	// the service has for a request from its headers on, see its server.
	requestTimeout = 10 * time.Second
	writeTimeout   = readTimeout + requestTimeout + 5*time.Second
)

// memoryScenarios have the service hold more for others than it may.
func memoryScenarios() []scenario {
	return []scenario{overloadedBySize(), largeSlowBodies(), answersUnread()}
}

// overloadedBySize is front/overloaded with few events, each a large one.
func overloadedBySize() scenario {
	var shed replies
	var held memories
	return scenario{
		name: "front/overloaded-by-size", what: "Events come in that are larger together than what the service may hold.",
		events: largeEvents, alone: "it counts on the machine",
		run: func(ctx context.Context, w *world) error {
			defer held.watch(ctx, w)()
			if err := w.send(ctx, senders); err != nil { // SNS has confirmed something
				return err
			}
			large := make([]*entry, w.sc.events)
			for i := range large {
				large[i] = w.paddedEvent()
			}
			return w.wantUnready(ctx, "overloaded", func(ctx context.Context) error { return w.overload(ctx, &shed, large, largeBatch) })
		},
		check: func(w *world, a *account) error {
			errs := []error{allStored(w, a), shed.want("overloaded", "slow_body"), held.want()} // slow where the machine is
			if shed.count("overloaded") == 0 {
				errs = append(errs, errors.New("nothing was shed"))
			}
			return errors.Join(errs...)
		},
	}
}

func (w *world) paddedEvent() *entry {
	n := w.serial.Add(1)
	data, err := json.Marshal(map[string]any{"n": n, "padding": strings.Repeat("x", largeData)})
	if err != nil {
		panic(err) // it is only a number and a string
	}
	return w.eventOf(fmt.Sprintf("large-%d", n), data)
}

// answersUnread has clients ask and ask, and read nothing of what they are told.
func answersUnread() scenario {
	// Nobody samples these: they would take the room of the good clients' spans.
	const one = "GET /v1/nothing HTTP/1.1\r\nHost: ingest.example\r\nTraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00\r\n\r\n"
	ask := []byte(strings.Repeat(one, 100))
	return hostile("answers-unread", "Ten clients send one request after the other and read no answer.", 10, writeTimeout, func(ctx context.Context, c net.Conn) {
		flood(ctx, c, ask)
	}, verdictOf{within: writeTimeout + readTimeout, deaf: true})
}

// littleBuffer has the system keep next to nothing for a client that does not
// read, so that the service soon waits for it.
func littleBuffer(_, _ string, c syscall.RawConn) (err error) {
	controlErr := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	})
	return errors.Join(controlErr, err)
}
