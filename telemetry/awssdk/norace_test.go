//go:build !race

package awssdk_test

const raceDetector = false
