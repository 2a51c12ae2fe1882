//go:build !race

package recorded_test

const raceDetector = false
