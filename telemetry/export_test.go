package telemetry

// Dropped returns what was dropped so far by "signal reason", also when no
// metric can be exported.
func (t *Telemetry) Dropped() map[string]int64 {
	t.drops.mu.Lock()
	defer t.drops.mu.Unlock()
	counts := map[string]int64{}
	for kind, c := range t.drops.counts {
		counts[string(kind.signal)+" "+kind.reason] = c.total
	}
	return counts
}

var ParsePairs = parsePairs

// ExporterDefaults are what Setup makes of an exporter's settings, with the
// most items that a request holds.
func ExporterDefaults(signal Signal, c ExporterConfig) (_ ExporterConfig, maxItems int) {
	c = c.withDefaults(signal)
	return c, c.maxItems()
}
