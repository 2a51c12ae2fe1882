package alarms

import (
	"fmt"
	"github.com/tracehaul/tracehaul/pipeline"
	"os"
	"testing"
)

func TestX(t *testing.T) {
	p, err := pipeline.LoadEnvironment("../tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	s, err := For(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range s.Alarms() {
		fmt.Println(a.Key, ": ", a.Condition())
	}
	fmt.Println(s.Cost(), s.Cost().Total(), len(s.Terraform()))
	os.MkdirAll("/tmp/tf", 0o755)
	os.WriteFile("/tmp/tf/main.tf.json", s.Terraform(), 0o644)
}
func BenchmarkX(b *testing.B) {
	p, _ := pipeline.LoadEnvironment("../tracehaul.yaml", "prod")
	for b.Loop() {
		s, _ := For(p)
		s.Terraform()
	}
}
