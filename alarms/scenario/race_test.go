//go:build race

package scenario

// raceDetector makes the tests play a part of the scenarios: the detector costs
// ten times the time and finds the same in few of them.
const raceDetector = true
