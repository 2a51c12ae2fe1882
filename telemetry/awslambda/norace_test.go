//go:build !race

package awslambda_test

const raceDetector = false
