package licence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/licensecheck"
)

// allowed are the licences, by SPDX's name, of what programs may link. All ask for
// no more than that their text and the copyright go along, which the notices do.
// MPL-2.0 asks beyond that for the source of its own files: they are linked as
// published, and the notices say where that is.
var allowed = map[string]bool{
	"Apache-2.0":   true,
	"BSD-2-Clause": true,
	"BSD-3-Clause": true,
	"ISC":          true,
	"MIT":          true,
	"MIT-0":        true,
	"MPL-2.0":      true,
}

// publicDomain is what SPDX has no name for.
const publicDomain = "LicenseRef-public-domain"

// reviewed are texts that no program recognises and somebody has read, by their
// SHA-256, with what they say.
var reviewed = map[string][]string{
	// github.com/xi2/xz: public domain, with no warranty.
	"5c640056d513f276d56635af7a0bed81cb7eac02a31b6e56d40c416557a8d8ce": {publicDomain},
	// github.com/aws/aws-lambda-go, LICENSE-SUMMARY: which of the two beside it is whose.
	"00c31061d11a7d289e3f5ac49f58b0d5cffdd9d1d24a9ee4c9848354356386bc": {},
}

// covered is how many of the words of a file have to be those of known licences,
// in per cent, as for pkg.go.dev. The rest is names and years, or who says what.
const covered = 75

// classify says which licences a text is. A text that is none is an error, and so
// is one that may not be linked.
func classify(text []byte) ([]string, error) {
	sum := sha256.Sum256(text)
	if names, ok := reviewed[hex.EncodeToString(sum[:])]; ok {
		return names, nil
	}
	coverage := licensecheck.Scan(text)
	var names []string
	for _, match := range coverage.Match {
		if !match.IsURL {
			names = append(names, match.ID)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 || coverage.Percent < covered {
		return nil, fmt.Errorf("no known licence: %.0f%% of it is %v (SHA-256 %x)", coverage.Percent, names, sum)
	}
	for _, name := range names {
		if !allowed[name] {
			return nil, fmt.Errorf("%s may not be linked", name)
		}
	}
	return names, nil
}
