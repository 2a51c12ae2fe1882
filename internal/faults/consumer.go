//go:build unix

package main

import "slices"

func consumerScenarios() []scenario {
	return slices.Concat(deliveryScenarios(), poisonScenarios(), killScenarios(), limitScenarios(), clockScenarios(), stormScenarios())
}
