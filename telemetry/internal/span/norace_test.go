//go:build !race

package span_test

// raceDetector tells that allocations mean nothing: the detector adds its own.
const raceDetector = false
