//go:build race

package httpserver_test

// raceDetector tells that allocations mean nothing: the detector adds its own,
// and makes sync.Pool forget.
const raceDetector = true
