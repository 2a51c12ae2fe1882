package service

import "time"

// settle gives an entry its outcome; nil means that SNS confirmed it. p.mu is
// held.
func (p *publisher) settle(e *entry, outcome *publishError) {
	e.settled, e.outcome = true, outcome
	p.buffer.release(e.size)
	p.pending--
	if e.submission.left--; e.submission.left == 0 {
		close(e.submission.done)
	}
	if p.closing && p.pending == 0 {
		close(p.idle)
	}
}

// settleAll gives several entries one outcome.
func (p *publisher) settleAll(entries []*entry, outcome *publishError) {
	if len(entries) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if outcome == nil {
		p.confirmedAt = time.Now()
		p.countAccepted(entries)
	}
	for _, e := range entries {
		p.settle(e, outcome)
	}
}

// countAccepted counts the entries whose requests will be told so, all at once.
// p.mu is held.
func (p *publisher) countAccepted(entries []*entry) {
	n := int64(0)
	for _, e := range entries {
		if !e.submission.gone {
			n++
		}
	}
	if n > 0 {
		p.metrics.accepted.Add(entries[0].submission.ctx, n)
	}
}
