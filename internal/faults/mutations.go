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
	return slices.Concat(storeMutations(), batchMutations(), acceptMutations(), refuseMutations(), traceMutations(), telemetryMutations())
}

// unclaimed are the scenarios that no mutation makes fail, and why.
var unclaimed = map[string]string{
	"consumer/shuffled":                   "order means nothing to the consumer: there is no safeguard to take away",
	"consumer/killed-before-begin":        lambdaAgain,
	"consumer/killed-with-rows-under-way": lambdaAgain,
	"consumer/killed-before-commit":       lambdaAgain,
	"consumer/out-of-memory":              "it is killed where it takes memory, which is mostly before the rows are sent; Lambda hands out again what nobody has answered for",
	"database/serialisation":              "the other consumer has written the rows, so that nothing depends on what this one does next",
	"front/zipped-transfer":               "net/http refuses it",
	"front/no-http":                       "net/http refuses it",
	"topic/slow":                          "it is not so slow that anything has to be given up",
}

const lambdaAgain = "nothing is written, and Lambda hands out again what nobody has answered for"
