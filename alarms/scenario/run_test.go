package scenario

import (
	"os"
	"testing"
)

func TestX(t *testing.T) {
	path := os.Getenv("SCEN")
	err := Main(t.Context(), os.Stdout, Options{Config: Config{Description: reference, Incomplete: true}, Paths: []string{path}, Details: false})
	t.Log(err)
}
