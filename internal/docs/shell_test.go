package docs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSimple_ShellOfDocuments_IsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][][]string{
		"make test      # all tests\n":                                  {{"make", "test"}},
		"a -x 'one two' \"b $C\" \\\n  d\n":                             {{"a", "-x", "one two", "b $C", "d"}},
		"a | b && c; d || e &\n":                                        {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}},
		"X=1 Y=\"$(a b | c)\" d \"$(e \"$(f)\")\"\n":                    {{"a", "b"}, {"c"}, {"f"}, {"e", "$"}, {"d", "$"}},
		"for q in $(a b); do c \"$q\"; done >out 2>&1\n":                {{"a", "b"}, {"c", "$q"}},
		"if ! a; then b; else c; fi\n":                                  {{"a"}, {"b"}, {"c"}},
		"a <<'END' >file\nnot a command\nEND\nb <<< \"$c\" 2>/dev/null": {{"a"}, {"b"}},
		"source <(a b)\n":                                               {{"a", "b"}, {"source", "$"}},
		"echo ${A:-x y} $((1 + 2)) a\\ b '#' c#d\n":                     {{"echo", "$", "$", "a b", "#", "c#d"}},
		"a --since \"${{ b.c || 'd' }}\" e\n":                           {{"a", "--since", "$", "e"}},
		"a '' \"\"\n":                                                   {{"a", "", ""}},
		"(cd x && a)\n":                                                 {{"cd", "x"}, {"a"}},
		"X=1\n":                                                         nil,
	} {
		if diff := cmp.Diff(want, simple(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
