package completion_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tracehaul/tracehaul/internal/completion"
)

// shop is a program with one of everything.
type shop struct {
	Order struct {
		Ls struct {
			File   string   `help:"The shop: a file." placeholder:"FILE" short:"f"`
			Place  string   `complete:"place"         placeholder:"NAME" short:"p"`
			Size   string   `default:"small"          enum:"small,large"`
			Colour []string `complete:"colour"`
			Into   string   `placeholder:"DIR"`
			Loud   bool     `short:"l"                xor:"voice"`
			Quiet  bool     `short:"q"                xor:"voice"`
			Secret string   `hidden:""`
		} `cmd:"" help:"List: all orders."`
		Show struct {
			Place string   `arg:"" complete:"place"`
			Files []string `arg:"" optional:""      placeholder:"FILE"`
		} `cmd:"" help:"Show one."`
	} `cmd:"" help:"Orders."`
	Stock struct{} `cmd:"" help:"What is there."`
	Away  struct{} `cmd:"" hidden:""`
}

var values = completion.Values{
	"place": func(g completion.Given) []completion.Candidate {
		if g["file"] == "empty" {
			return nil
		}
		return []completion.Candidate{{Word: "bonn", Help: "on the\nRhine: left"}, {Word: "berlin"}, {Word: "köln"}}
	},
	"colour": func(completion.Given) []completion.Candidate {
		return []completion.Candidate{{Word: "red"}, {Word: "green"}}
	},
}

// The test's own program is the shop, too: a shell calls it by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "shop" {
		os.Exit(m.Run())
	}
	parser := kong.Must(&shop{}, kong.Name("shop"))
	if len(os.Args) < 2 || os.Args[1] != completion.Command {
		os.Exit(1)
	}
	if err := completion.Run(os.Stdout, parser.Model, os.Args[2:], values); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// completions are command lines and what is offered at their end, in every
// shell. "<files>" are the files, and "<dirs>" the folders of the current one.
var completions = map[string][]string{
	"":                                    {"order", "stock"},
	"o":                                   {"order"},
	"x":                                   {},
	"order ":                              {"ls", "show"},
	"order l":                             {"ls"},
	"order ls -":                          {"--help", "--file", "--place", "--size", "--colour", "--into", "--loud", "--quiet"},
	"order ls ":                           {"--help", "--file", "--place", "--size", "--colour", "--into", "--loud", "--quiet"},
	"order ls --loud -":                   {"--help", "--file", "--place", "--size", "--colour", "--into"},
	"order ls -lp bonn --colour red --":   {"--help", "--file", "--size", "--colour", "--into"},
	"order ls --size ":                    {"small", "large"},
	"order ls --size l":                   {"large"},
	"order ls -p ":                        {"bonn", "berlin", "köln"},
	"order ls -lp b":                      {"bonn", "berlin"},
	"order ls -p bonn --pl":               {},
	"order ls --file empty -p ":           {},
	"order ls --file=empty -p ":           {},
	"order ls -fempty -p ":                {},
	"order ls --file ":                    {"<files>"},
	"order ls --file some.":               {"some.yaml"},
	"order ls --file=some.":               {"--file=some.yaml"},
	"order ls --into ":                    {"<dirs>"},
	"order ls --colour red,":              {"red,red", "red,green"},
	"order ls --colour red,g":             {"red,green"},
	"order show ":                         {"bonn", "berlin", "köln"},
	"order show bonn ":                    {"<files>"},
	"order show bonn some.yaml ":          {"<files>"},
	"order show -- -":                     {},
	"stock ":                              {"--help"},
	"stock x ":                            {"--help"},
	"order ls --loud --file http://x -p ": {"bonn", "berlin", "köln"},
	"order ls --size=":                    {"--size=small", "--size=large"},
	"order ls --size=l":                   {"--size=large"},
	"order ls --colour=red,g":             {"--colour=red,green"},
	"order ls --loud=":                    {},
	"order ls --nothing=":                 {},
}

func TestComplete(t *testing.T) {
	app := kong.Must(&shop{}, kong.Name("shop")).Model
	for text, want := range completions {
		a := completion.Complete(app, strings.Split(text, " "), values)
		got := []string{}
		for _, c := range a.Candidates {
			got = append(got, c.Word)
		}
		if a.Kind == completion.Files && strings.HasSuffix(text, "some.") {
			want = nil
		}
		switch {
		case a.Kind == completion.Directories:
			got = append(got, "<dirs>")
		case a.Kind == completion.Files && want != nil:
			got = append(got, "<files>")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v %v, want %v", text, a.Kind, got, want)
		}
	}
	if a := completion.Complete(app, nil, nil); len(a.Candidates) != 2 {
		t.Errorf("no words: got %v", a)
	}
	if a := completion.Complete(app, []string{"order", "ls", "-p", ""}, nil); a.Kind != completion.Words || len(a.Candidates) > 0 {
		t.Errorf("a tag that nobody answers: got %v", a)
	}
}

// What a shell reads is a line for each candidate, whatever its help has in it.
func TestRun_LinesAreTheShells(t *testing.T) {
	app := kong.Must(&shop{}, kong.Name("shop")).Model
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"bash", "order", "show", "bo"}, "words\nbonn\n"},
		{[]string{"zsh", "order", "show", "bo"}, "words\nbonn:on the Rhine: left\n"},
		{[]string{"fish", "order", "show", "bo"}, "words\nbonn\ton the Rhine: left\n"},
		{[]string{"fish", "order", "show", "be"}, "words\nberlin\n"},
		{[]string{"bash", "order", "ls", "--size", "=", "la"}, "words\nlarge\n"},
		{[]string{"bash", "order", "ls", "--size", "="}, "words\nsmall\nlarge\n"},
		{[]string{"bash", "order", "ls", "--file", "http", ":", "//x", "-p", "bo"}, "words\nbonn\n"},
		{[]string{"bash", "order", "ls", "--file", `"empty"`, "-p", ""}, "words\n"},
		{[]string{"bash", "order", "ls", "--file", `em\pty`, "-p", ""}, "words\n"},
		{[]string{"zsh", "order", "ls", "--into", ""}, "dirs\n"},
		{[]string{"bash"}, "words\norder\nstock\n"},
	} {
		var b bytes.Buffer
		if err := completion.Run(&b, app, test.args, values); err != nil || b.String() != test.want {
			t.Errorf("%q: got %q, want %q; %v", test.args, b.String(), test.want, err)
		}
	}
	for _, args := range [][]string{nil, {"tcsh", "order"}} {
		if err := completion.Run(&bytes.Buffer{}, app, args, values); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func FuzzRun(f *testing.F) {
	app := kong.Must(&shop{}, kong.Name("shop")).Model
	for text := range completions {
		f.Add(text)
	}
	f.Add("order ls --size = \x00 \\ ' : =")
	f.Fuzz(func(t *testing.T, text string) {
		for _, shell := range completion.Shells {
			var b bytes.Buffer
			if err := completion.Run(&b, app, append([]string{shell}, strings.Split(text, " ")...), values); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if !strings.HasSuffix(line, "\n") || line == "\n" {
					t.Errorf("%q: the line %q", text, line)
				}
			}
		}
	})
}
