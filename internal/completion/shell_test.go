package completion_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/completion"
)

// The scripts name the program, and nothing is left to fill in.
func TestScript_IsOfTheProgram(t *testing.T) {
	for _, shell := range completion.Shells {
		text, err := completion.Script(shell, "shop")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "__complete "+shell) || !strings.Contains(text, "shop completion "+shell) || strings.Contains(text, "PROGRAM") {
			t.Errorf("%s:\n%s", shell, text)
		}
	}
	if _, err := completion.Script("tcsh", "shop"); err == nil || !strings.Contains(err.Error(), `"tcsh": want one of bash, zsh, fish`) {
		t.Errorf("got %v", err)
	}
}

// setup makes a folder with some files, in which the shop can be called and the
// shell's script lies. It skips loudly where there is no such shell.
func setup(t *testing.T, shell string) (dir string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("%s IS NOT INSTALLED: nothing runs its script here, only its text was looked at", strings.ToUpper(shell))
	}
	dir = t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script, err := completion.Script(shell, "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "bin"), 0o700),
		os.Symlink(self, filepath.Join(dir, "bin", "shop")),
		os.WriteFile(filepath.Join(dir, "bin", "script"), []byte(script), 0o600),
		os.MkdirAll(filepath.Join(dir, "work", "folder"), 0o700),
		os.WriteFile(filepath.Join(dir, "work", "some.yaml"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// offered runs a program that completes, and returns the words it prints.
func offered(t *testing.T, dir, program string, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // what waits at a terminal waits for ever
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = filepath.Join(dir, "work")
	c.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "SCRIPT=" + filepath.Join(dir, "bin", "script")}
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("%s %q: %v: %s", program, args, err, errs.String())
	}
	words := []string{}
	for line := range strings.Lines(string(out)) {
		words = append(words, strings.TrimSuffix(line, "\n"))
	}
	return words
}

// wanted are the words that a shell offers for a line, in any order.
func wanted(want []string) []string {
	var all []string
	for _, word := range want {
		switch word {
		case "<files>":
			all = append(all, "folder/", "some.yaml")
		case "<dirs>":
			all = append(all, "folder/")
		default:
			all = append(all, word)
		}
	}
	slices.Sort(all)
	return all
}

// bash is asked as readline asks it: with the line taken apart at "=" and ":",
// and the word at the cursor.
const bashAsks = `
source "$SCRIPT"
words=() word=
for ((i = 0; i < ${#1}; i++)); do
  c=${1:i:1}
  case $c in
  ' ') words+=("$word") word= ;;
  [=:]) [[ -n $word && $word != *[=:] ]] && words+=("$word") && word=; word+=$c ;;
  *) [[ $word == *[=:] ]] && words+=("$word") && word=; word+=$c ;;
  esac
done
words+=("$word")
[[ $word == *[=:] ]] && word=
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
complete -p shop >/dev/null || exit 1
_shop shop "$word" ''
for c in "${COMPREPLY[@]}"; do
  [[ -d $c ]] && c+=/
  printf '%s\n' "$c"
done
`

func TestBash(t *testing.T) {
	t.Parallel()
	dir := setup(t, "bash")
	for text, want := range completions {
		got := offered(t, dir, "bash", "--norc", "-c", bashAsks, "bash", "shop "+text)
		slices.Sort(got)
		for i, word := range want {
			if strings.HasPrefix(word, "--") {
				_, after, ok := strings.Cut(word, "=")
				if ok { // bash replaces what is behind "=" alone
					want = slices.Clone(want)
					want[i] = after
				}
			}
		}
		if w := wanted(want); !slices.Equal(got, w) {
			t.Errorf("%q: got %q, want %q", text, got, w)
		}
	}
}

// fish completes a line by itself.
func TestFish(t *testing.T) {
	t.Parallel()
	dir := setup(t, "fish")
	for text, want := range completions {
		got := offered(t, dir, "fish", "--no-config", "-c", `source $SCRIPT; complete -C $argv[1]`, "shop "+text)
		for i, line := range got {
			got[i], _, _ = strings.Cut(line, "\t")
		}
		slices.Sort(got)
		if w := wanted(want); !slices.Equal(got, w) {
			t.Errorf("%q: got %q, want %q", text, got, w)
		}
	}
	help := offered(t, dir, "fish", "--no-config", "-c", `source $SCRIPT; complete -C "shop order show bo"`)
	if !slices.Equal(help, []string{"bonn\ton the Rhine: left"}) {
		t.Errorf("got %q", help)
	}
}

// zsh completes at a terminal alone. So one of its own is opened, the line is
// typed there, Tab is pressed, and compadd, which hears of every candidate,
// prints them between two marks.
const (
	zshSettings = `
PROMPT=
stty -echo
autoload -Uz compinit; compinit -u -D
source $SCRIPT
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
mark() { print -r - '<mark>' }
compprefuncs=(mark); comppostfuncs=(mark exit)
compadd() {
  [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return $? }
  local -a hits; builtin compadd -A hits "$@"
  local hit; for hit in $hits; do
    [[ -d $hit ]] && hit+=/
    print -r - "$IPREFIX$hit"
  done
  builtin compadd "$@"
}
print ready
`
	zshAsks = `
zmodload zsh/zpty || exit 1
zpty shop env ZDOTDIR=$HOME zsh -d -i
while zpty -r shop line; do [[ $line == *ready* ]] && break; done
zpty -w -n shop "$1"$'\t'
integer marks=0
while zpty -r shop line; do
  line=${line%$'\n'} line=${line%$'\r'}
  if [[ $line == *'<mark>'* ]]; then
    (( ++marks == 2 )) && break
  elif (( marks == 1 )); then
    print -r - "$line"
  fi
done
zpty -d shop
`
)

func TestZsh(t *testing.T) {
	t.Parallel()
	dir := setup(t, "zsh")
	if err := os.WriteFile(filepath.Join(dir, ".zshrc"), []byte(zshSettings), 0o600); err != nil {
		t.Fatal(err)
	}
	// Some are enough: each takes a new zsh a third of a second.
	for _, text := range []string{
		"", "o", "x", "order ls --loud -", "order ls --size l", "order ls -lp b", "order ls --file=empty -p ", "order ls --file some.", "order ls --file=some.",
		"order ls --into ", "order ls --colour red,", "order ls --size=", "stock ",
	} {
		want, ok := completions[text]
		if !ok {
			t.Fatalf("%q is not among the lines", text)
		}
		got := offered(t, dir, "zsh", "-f", "-c", zshAsks, "zsh", "shop "+text)
		slices.Sort(got)
		got = slices.Compact(got) // files are offered by more than one rule
		if w := wanted(want); !slices.Equal(got, w) {
			t.Errorf("%q: got %q, want %q", text, got, w)
		}
	}
}
