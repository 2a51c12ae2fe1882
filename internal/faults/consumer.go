//go:build unix

package main

import "context"

func consumerScenarios() []scenario {
	return []scenario{
		{
			name: "consumer/shuffled", what: "The queue hands messages out in any order.",
			setup: func(s *settings) { s.config.Shuffle = true },
			run: func(ctx context.Context, w *world) error {
				w.hit()
				return w.sendAll(ctx)
			},
		},
	}
}
