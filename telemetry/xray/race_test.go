//go:build race

package xray_test

// raceDetector tells that allocations mean nothing: the detector adds its own.
const raceDetector = true
