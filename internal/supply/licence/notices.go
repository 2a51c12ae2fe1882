package licence

import (
	"bytes"
	"fmt"
	"strings"
)

// Notices is the file THIRD_PARTY_NOTICES of a program: which modules it links
// under which licences, then each text once, with whose it is. It says no
// versions, so that it changes when a licence does: those are in the program
// itself (go version -m) and in its SBOM.
func Notices(program string, modules []Module) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "The program %s contains software of others, as published, under these licences.\n", program)
	fmt.Fprintf(&b, "The source of a module is at https://pkg.go.dev/<module>.\n\n")
	for _, m := range modules {
		fmt.Fprintf(&b, "    %-70s %s\n", m.Path, strings.Join(m.Licences, ", "))
	}
	var texts []string // in order of the first that has it
	owners := map[string][]string{}
	for _, m := range modules {
		for _, f := range m.Files {
			text := strings.Trim(strings.ReplaceAll(string(f.Text), "\r\n", "\n"), "\n")
			if owners[text] == nil {
				texts = append(texts, text)
			}
			owners[text] = append(owners[text], m.Path+": "+f.Name)
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n", strings.Repeat("=", 80))
		for _, owner := range owners[text] {
			fmt.Fprintln(&b, owner)
		}
		fmt.Fprintf(&b, "%s\n\n%s\n", strings.Repeat("-", 80), text)
	}
	return b.Bytes()
}
