//go:build unix

package main

import "slices"

// mutation takes one safeguard away. Every scenario that claims to prove it has
// to fail then, and to say what is wrong: otherwise it proves nothing about the
// safeguard.
type mutation struct {
	name string

	// what says what is gone.
	what string

	// edits change files of this repository, relative to its root.
	edits []edit

	// harness says that what changes is what this program does in place of the
	// service.
	harness bool

	// short makes it part of the short form, with the first of its claims.
	short bool

	claims []claim
}

// claim is that a scenario notices.
type claim struct {
	scenario string
	says     string // a part of what it says
}

// mutations returns all of them, in the order of what they are about.
func mutations() []mutation {
	return slices.Concat(storeMutations(), batchMutations(), acceptMutations(), refuseMutations(), telemetryMutations())
}

// spared is why a scenario is in no claim.
type spared struct {
	like string // the scenario that stands for it, "" if there is nothing to take away
	why  string
}

// unclaimed are the scenarios without a mutation. Most break the same thing as
// another one at another moment.
var unclaimed = map[string]spared{
	"consumer/shuffled":                   {"", "order means nothing to the consumer: there is no safeguard to take away"},
	"consumer/killed-after-dead-letter":   {"consumer/poison-and-no-dlq", "the message is acknowledged after its dead letter, or comes again"},
	"consumer/killed-before-begin":        {"consumer/killed-after-commit", "another moment"},
	"consumer/killed-with-rows-under-way": {"consumer/killed-after-commit", "another moment"},
	"consumer/killed-before-commit":       {"consumer/killed-after-commit", "another moment"},
	"consumer/killed-in-the-insert":       {"consumer/killed-after-commit", "another moment"},
	"consumer/killed-at-random":           {"consumer/killed-after-commit", "any moment"},
	"consumer/out-of-memory":              {"consumer/killed-after-commit", "Lambda kills it, and not we"},
	"consumer/frozen":                     {"consumer/killed-after-commit", "Lambda kills it, and not we"},
	"clock/service-ahead":                 {"clock/consumer-behind", "nothing has to be moved, and nothing is"},
	"clock/service-behind":                {"clock/consumer-behind", "nothing has to be moved, and nothing is"},
	"clock/consumer-ahead":                {"clock/consumer-behind", "nothing has to be moved, and nothing is"},
	"storm/consumer":                      {"consumer/killed-after-commit", "a hundred times, for what leaks: no one safeguard prevents that"},
	"storm/service":                       {"front/terminated", "a hundred times, for what leaks: no one safeguard prevents that"},
	"database/shut-down-after-commit":     {"database/dropped-after-commit", "another way to lose the answer"},
	"database/fails-after-commit":         {"database/dropped-after-commit", "another way to lose the answer"},
	"database/restarted":                  {"database/refused", "another way to be away"},
	"database/crashed":                    {"database/refused", "another way to be away"},
	"database/failover":                   {"database/refused", "another way to be away"},
	"database/serialisation":              {"database/serialisation-repeated", "PostgreSQL gives up by itself"},
	"collector/down":                      {"collector/refuses", "another way to take nothing"},
	"collector/resets":                    {"collector/refuses", "another way to take nothing"},
	"collector/cuts-answers":              {"collector/refuses", "another way not to say that it took something"},
	"collector/too-large":                 {"collector/refuses", "all is too large, so that no half is taken either"},
	"collector/unavailable":               {"collector/refuses", "another way to take nothing"},
	"front/zipped-transfer":               {"", "net/http refuses it"},
	"front/no-http":                       {"", "net/http refuses it"},
	"topic/fails-at-times":                {"topic/fails", "what the SDK's attempts do not mend, clients' do"},
	"topic/unanswered-at-times":           {"topic/unanswered", "the SDK repeats in place of the client"},
	"topic/slow":                          {"topic/hangs", "not so slow that anything has to be given up"},
}
