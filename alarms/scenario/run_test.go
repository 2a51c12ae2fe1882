package scenario

import (
	"os"
	"testing"
)

func TestX(t *testing.T) {
	path := os.Getenv("SCEN")
	err := Main(t.Context(), os.Stdout, Options{Config: Config{Description: reference, Incomplete: os.Getenv("INC") != ""}, Paths: []string{path}, Details: os.Getenv("DET") != "", Mutate: os.Getenv("MUT") != ""})
	t.Log(err)
}
