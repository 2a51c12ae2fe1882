package pgxtrace

import (
	"context"
	"fmt"
	"testing"
)

// Mocks print the arguments of each call, the context among them: the SQL and
// spans that are just being made are not to be in it.
func TestContext_Printed_SaysOnlyWhatItIsFor(t *testing.T) {
	for want, ctx := range map[string]context.Context{
		"context.Background.WithQuery":   &work{Context: context.Background(), statement: &statement{name: "secret"}},
		"context.Background.WithConnect": &connecting{Context: context.Background()},
	} {
		if got := fmt.Sprint(ctx); got != want {
			t.Errorf("it is printed as %s, want %s", got, want)
		}
	}
	if got := fmt.Sprintf("%#v", &work{Context: context.Background()}); got != "context.Background.WithQuery" {
		t.Errorf("as Go it is %s", got)
	}
}
