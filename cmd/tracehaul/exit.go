package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Exit codes. From 3 on each command has its own: exitMeanings says what they
// mean.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2

	exitWaiting = 3 // deploy verdict
	exitNothing = 3 // dlq, trace
	exitFault   = 3 // doctor

	exitNotArrived = 4 // trace
	exitWarning    = 4 // doctor
)

// exitMeaning says what an exit code means, of a command and of all below it.
type exitMeaning struct {
	command string // "" for all
	code    int
	words   string
}

// exitMeanings is the one table of exit codes: `--help` and docs/tool.md print
// it. Of two rows that a command has for one code, the one with the longer
// command is meant.
var exitMeanings = []exitMeaning{
	{"", exitOK, "what was asked is done, and what was checked is in order"},
	{"", exitFailed, "it failed, was interrupted, or a check found something"},
	{"", exitUsage, "the command line was wrong, and nothing was done"},
	{"alarms test", exitFailed, "a scenario did not go as expected, an alarm was not tried, or too few mutants were noticed"},
	{"dashboards lint", exitFailed, "there are findings"},
	{"dashboards query", exitFailed, "a query shows no data, or none was run"},
	{"dashboards recorded", exitFailed, "a query finds no data, or none asks CloudWatch"},
	{"demo", exitFailed, "something did not start, or a part of the event's story is missing"},
	{"deploy annotate", exitFailed, "the annotation is not there"},
	{"deploy preflight", exitFailed, "the deploy may not begin, or a call failed"},
	{"deploy verdict", exitOK, "what was requested serves, and nothing else does"},
	{"deploy verdict", exitFailed, "it was rolled back, stopped or superseded or has failed, or a call failed, or no alarm watched it and --require-alarms is given"},
	{"deploy verdict", exitWaiting, "the deployment has not ended in time: run it again"},
	{"dlq", exitFailed, "it failed, was interrupted, or letters that were asked for are still there: the output says which"},
	{"dlq", exitNothing, "no letter was found or chosen"},
	{"doctor", exitOK, "everything that was looked at is in order"},
	{"doctor", exitFailed, "nothing could be looked at, or it was interrupted"},
	{"doctor", exitFault, "there is a fault: events, traces or alarms are lost, or would be"},
	{"doctor", exitWarning, "there is no fault, but a warning, or something that could not be looked at"},
	{"generate", exitFailed, "a file could not be made or, with --check, is not up to date"},
	{"trace", exitOK, "the event has arrived"},
	{"trace", exitFailed, "it failed, or no back end could be asked"},
	{"trace", exitNothing, "no back end that answered knows it, or it is a trace without an event"},
	{"trace", exitNotArrived, "the event was found, and has not arrived"},
}

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// usageError is for who asked wrongly. The text names the flag, and says what
// would be right.
func usageError(format string, values ...any) error {
	return codedError{fmt.Errorf(format, values...), exitUsage}
}

// exitsOf are the meanings that a command has, by code; those of "" are the ones
// of all.
func exitsOf(command string) []exitMeaning {
	best := map[int]exitMeaning{}
	for _, m := range exitMeanings {
		if m.command != "" && !strings.HasPrefix(command+" ", m.command+" ") {
			continue
		}
		if known, ok := best[m.code]; !ok || len(m.command) > len(known.command) {
			best[m.code] = m
		}
	}
	rows := make([]exitMeaning, 0, len(best))
	for _, m := range best {
		rows = append(rows, m)
	}
	slices.SortFunc(rows, func(a, b exitMeaning) int { return cmp.Compare(a.code, b.code) })
	return rows
}

// writeExits writes the exit codes of a command below its help, in lines of at
// most width letters.
func writeExits(w io.Writer, command string, width int) error {
	if _, err := io.WriteString(w, "\nExit codes:\n"); err != nil {
		return err
	}
	for _, m := range exitsOf(command) {
		if err := writeExit(w, strconv.Itoa(m.code), m.words, width); err != nil {
			return err
		}
	}
	if command != "" {
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(exitMeanings), func(m exitMeaning) bool { return m.code <= exitUsage })
	slices.SortStableFunc(own, func(a, b exitMeaning) int { return cmp.Compare(a.code, b.code) })
	for i, m := range own {
		code := strconv.Itoa(m.code)
		if i > 0 && own[i-1].code == m.code {
			code = " "
		}
		if err := writeExit(w, code, m.command+": "+m.words, width); err != nil {
			return err
		}
	}
	return nil
}

func writeExit(w io.Writer, code, words string, width int) error {
	line := "  " + code + " "
	for word := range strings.FieldsSeq(words) {
		if len(line)+1+len(word) > width {
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
			line = "    "
		}
		line += " " + word
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
