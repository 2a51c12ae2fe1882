// Package deploytest has stand-ins for what a deploy is guarded by: AWS, which
// replays recorded answers, and Grafana's annotations, over HTTP on loopback.
//
// Start from [Replay] and [StartGrafana]. They know the calls that package deploy
// makes and no others.
//
// Of this module it imports nothing.
package deploytest
