package scenario

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
)

// event reads what follows "at":
//
//	10m deploy
//	10m..50m ledger.queue.age = 0 -> 2400
func (p *parser) event(text string) {
	when, what, _ := strings.Cut(text, " ")
	e := Event{Line: p.line}
	from, to, ranged := strings.Cut(when, "..")
	var ok bool
	if e.From, ok = p.duration(from); !ok {
		return
	}
	if ranged {
		if e.To, ok = p.duration(to); !ok {
			return
		}
		if e.To <= e.From {
			p.fail("%s: the end is not after the beginning", clip(when))
			return
		}
	}
	if what = strings.TrimSpace(what); what == "deploy" {
		e.Deploy = true
		if ranged {
			p.fail("a deploy has a beginning only (\"at %s deploy\"): the description says how long it takes", short(e.From))
			return
		}
		p.current.Events = append(p.current.Events, e)
		return
	}
	if !p.signal(&e, what, `neither "deploy" nor "SIGNAL = VALUE"`) {
		return
	}
	if e.Signal == signalTraffic && e.Value.Op != OpSet && e.Value.Op != OpTimes {
		p.fail("traffic is a number of requests a minute (traffic = 600), or a factor (traffic = x5)")
		return
	}
	p.current.Events = append(p.current.Events, e)
}

// normal reads what follows "normal":
//
//	refunds.waiting = 2
func (p *parser) normal(text string) {
	e := Event{Line: p.line}
	if !p.signal(&e, text, `not "SIGNAL = VALUE"`) {
		return
	}
	if e.Signal == signalTraffic || e.Value.From != e.Value.To {
		p.fail("%q: what is normal is one value of a signal, and \"traffic: 600\" says how much traffic is", clip(text))
		return
	}
	p.current.Normal = append(p.current.Normal, e)
}

// signal reads "SIGNAL = VALUE".
func (p *parser) signal(e *Event, text, otherwise string) bool {
	signal, value, found := strings.Cut(text, "=")
	e.Signal = strings.TrimSpace(signal)
	if !found || e.Signal == "" || strings.ContainsAny(e.Signal, " \t") {
		p.fail("%q is %s, such as edge.elb_5xx = 12", clip(text), otherwise)
		return false
	}
	var ok bool
	e.Value, ok = p.value(strings.TrimSpace(value))
	return ok
}

const valueForms = "5, 0 -> 5, x5, +5, 5% of edge.requests, \"90% 0.05, 10% 2.5\" or absent"

// value reads what follows "=" in an event.
func (p *parser) value(text string) (Value, bool) {
	if text == "absent" {
		return Value{Op: OpAbsent}, true
	}
	if rank, of, found := strings.Cut(text, "% of "); found {
		v, ok := p.ramp(rank, "")
		v.Op, v.Of = OpPercent, strings.TrimSpace(of)
		if ok && (v.Of == "" || v.Of == signalTraffic || strings.ContainsAny(v.Of, " *")) {
			p.fail("%q is no signal to take a part of", clip(v.Of))
			return Value{}, false
		}
		return v, ok
	}
	if strings.Contains(text, "%") {
		return p.shares(text)
	}
	if strings.HasPrefix(text, "x") {
		v, ok := p.ramp(text, "x")
		v.Op = OpTimes
		return v, ok
	}
	if strings.HasPrefix(text, "+") {
		v, ok := p.ramp(text, "+")
		v.Op = OpPlus
		return v, ok
	}
	v, ok := p.ramp(text, "")
	v.Op = OpSet
	return v, ok
}

// ramp reads one number, or two with an arrow between them. Each has the
// prefix.
func (p *parser) ramp(text, prefix string) (Value, bool) {
	from, to, ranged := strings.Cut(text, "->")
	if !ranged {
		to = from
	}
	a, okA := number(from, prefix)
	b, okB := number(to, prefix)
	if !okA || !okB {
		p.fail("%q is no value: it would be %s", clip(text), valueForms)
		return Value{}, false
	}
	return Value{From: a, To: b}, true
}

func number(text, prefix string) (float64, bool) {
	text, found := strings.CutPrefix(strings.TrimSpace(text), prefix)
	n, err := strconv.ParseFloat(text, 64)
	const most = 1e18
	return n, found && err == nil && n >= -most && n <= most
}

// shares reads a distribution: "90% 0.05, 10% 2.5".
func (p *parser) shares(text string) (Value, bool) {
	v := Value{Op: OpShares}
	total := 0.0
	for _, part := range list(text) {
		percent, value, found := strings.Cut(part, "%")
		share, okShare := number(percent, "")
		n, okValue := number(value, "")
		if !found || !okShare || !okValue || share <= 0 {
			p.fail("%q is no share of a distribution such as 90%% 0.05", clip(part))
			return Value{}, false
		}
		v.Shares = append(v.Shares, Share{share, n})
		total += share
	}
	if total < 99.99 || total > 100.01 {
		p.fail("the shares make %v%%, not 100%%", total)
		return Value{}, false
	}
	return v, true
}

// expectation reads what follows "expect":
//
//	ledger-queue-age OK
//	ledger-queue-age ALARM in 14m..16m
//	told on-call, team of ledger-queue by 18m
//	not told on-call of ledger-queue
//	messages on-call <= 2
func (p *parser) expectation(text string) {
	e := Expectation{Line: p.line}
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	var ok bool
	switch word {
	case "told":
		e.Kind = Told
		ok = p.told(&e, rest)
	case "not":
		e.Kind = NotTold
		after, found := strings.CutPrefix(rest, "told ")
		if !found {
			p.fail("after \"not\" comes \"told DESTINATION of ALARM\"")
			return
		}
		ok = p.told(&e, after)
	case "messages":
		ok = p.messages(&e, rest)
	default:
		e.Alarm = word
		ok = p.state(&e, rest)
	}
	if ok {
		p.current.Expectations = append(p.current.Expectations, e)
	}
}

// state reads "STATE", "STATE in A..B", "STATE by B" or "STATE at A".
func (p *parser) state(e *Expectation, text string) bool {
	state, when, _ := strings.Cut(text, " ")
	switch state {
	case "OK":
		e.State = alarms.StateOK
	case "ALARM":
		e.State = alarms.StateAlarm
	case "INSUFFICIENT_DATA":
		e.State = alarms.StateInsufficientData
	default:
		p.fail("%q is no expectation: it would be \"ALARM-KEY OK\", \"ALARM-KEY ALARM in 5m..7m\", \"told DESTINATION of ALARM-KEY by 7m\" or \"messages DESTINATION 2\"", clip(strings.TrimSpace(e.Alarm+" "+text)))
		return false
	}
	when = strings.TrimSpace(when)
	if when == "" && e.State == alarms.StateOK {
		e.Kind = Quiet
		return true
	}
	if at, found := strings.CutPrefix(when, "at "); found {
		e.Kind = Is
		var ok bool
		e.From, ok = p.duration(strings.TrimSpace(at))
		e.To = e.From
		return ok
	}
	e.Kind = Enters
	return p.when(e, when)
}

// when reads "in A..B" or "by B".
func (p *parser) when(e *Expectation, text string) bool {
	word, times, _ := strings.Cut(text, " ")
	from, to, ranged := strings.Cut(strings.TrimSpace(times), "..")
	switch {
	case text == "":
		p.fail("it is not said when: add \"in 14m..16m\", \"by 16m\" or, for a state, \"at 16m\"")
		return false
	case word == "by" && !ranged:
		to, from = from, "0m"
	case word == "in" && ranged:
	default:
		p.fail("%q is no time: it would be \"in 14m..16m\", \"by 16m\" or, for a state, \"at 16m\"", clip(text))
		return false
	}
	var okFrom, okTo bool
	e.From, okFrom = p.duration(from)
	e.To, okTo = p.duration(to)
	if okFrom && okTo && e.To < e.From {
		p.fail("%s..%s: the end is before the beginning", short(e.From), short(e.To))
		return false
	}
	return okFrom && okTo
}

// told reads "DESTINATIONS of ALARM" and, unless nobody is to be told, when.
func (p *parser) told(e *Expectation, text string) bool {
	names, rest, found := strings.Cut(text, " of ")
	e.Destinations = list(names)
	if !found || len(e.Destinations) == 0 {
		p.fail("%q is not \"DESTINATION of ALARM-KEY\"", clip(text))
		return false
	}
	key, when, _ := strings.Cut(strings.TrimSpace(rest), " ")
	e.Alarm = key
	when = strings.TrimSpace(when)
	if e.Kind == NotTold {
		if when != "" {
			p.fail("%q: who is not told is told at no time", clip(when))
		}
		return when == ""
	}
	return p.when(e, when)
}

// messages reads "DESTINATION 2" or "DESTINATION <= 2".
func (p *parser) messages(e *Expectation, text string) bool {
	e.Kind = Messages
	words := strings.Fields(text)
	if len(words) == 3 && words[1] == "<=" {
		e.AtMost = true
		words = []string{words[0], words[2]}
	}
	if len(words) == 2 {
		n, err := strconv.ParseUint(words[1], 10, 16)
		if err == nil {
			e.Destinations, e.Number = words[:1], int(n)
			return true
		}
	}
	p.fail("%q is no number of messages: it would be \"messages on-call 2\" or \"messages on-call <= 2\"", clip(text))
	return false
}
