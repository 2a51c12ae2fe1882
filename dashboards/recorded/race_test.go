//go:build race

package recorded_test

// raceDetector is whether times are those of a program that is watched, which takes
// ten times as long.
const raceDetector = true
