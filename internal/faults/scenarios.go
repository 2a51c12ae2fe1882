//go:build unix

package main

import "slices"

// scenarios returns all scenarios, fresh, in the order of the table.
func scenarios() []scenario {
	all := slices.Concat(
		consumerScenarios(),
		databaseScenarios(),
		collectorScenarios(),
		collectorEndScenarios(),
		frontScenarios(),
		topicScenarios(),
	)
	for i := range all {
		if all[i].events == 0 {
			all[i].events = defaultEvents
		}
		if all[i].setup == nil {
			all[i].setup = func(*settings) {}
		}
		if all[i].check == nil {
			all[i].check = func(*world, *account) error { return nil }
		}
	}
	return all
}
