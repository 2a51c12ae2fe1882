package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	patience     = 15 * time.Second // with the database
	largestIndex = 64 << 20
)

// index is what govulncheck asks a database for first: the modules that have
// vulnerabilities. See go.dev/doc/security/vuln/database.
const index = "index/modules.json"

// content is what a database must have to be one: with an empty one nothing is
// ever found.
type content struct {
	modules int    // so many at least
	canary  string // a module and a vulnerability of it: "golang.org/x/text GO-2021-0113"
}

// vulnDev is what vuln.go.dev has had for years, and a copy of it has, too.
var vulnDev = content{modules: 500, canary: "golang.org/x/text GO-2021-0113"}

// known is a module in the index.
type known struct {
	Path  string `json:"path"`
	Vulns []struct {
		ID string `json:"id"`
	} `json:"vulns"`
}

// reach says why a database cannot be had, if it cannot, or is none.
func reach(ctx context.Context, database string, want content) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := open(ctx, database)
	if err != nil {
		return err
	}
	defer r.Close()
	var modules []known
	if err := json.NewDecoder(io.LimitReader(r, largestIndex)).Decode(&modules); err != nil {
		return fmt.Errorf("%s of %s is no list of modules: %w", index, database, err)
	}
	return want.check(modules)
}

func (c content) check(modules []known) error {
	if len(modules) < c.modules {
		return fmt.Errorf("it knows %d modules with vulnerabilities, want %d at least: it is empty or a part of one", len(modules), c.modules)
	}
	path, id, _ := strings.Cut(c.canary, " ")
	for _, m := range modules {
		for _, v := range m.Vulns {
			if m.Path == path && v.ID == id {
				return nil
			}
		}
	}
	return fmt.Errorf("it does not know %s of %s, which every copy has", id, path)
}

// open reads the index of a database, as govulncheck does: packed from a server, and
// not from a directory.
func open(ctx context.Context, database string) (io.ReadCloser, error) {
	u, err := url.Parse(database)
	if err != nil {
		return nil, fmt.Errorf("-db %q: %w, want a URL of https:// or file://", database, err)
	}
	if u.Scheme == "file" {
		return os.Open(filepath.Join(u.Path, filepath.FromSlash(index)))
	}
	if !slices.Contains([]string{"http", "https"}, u.Scheme) {
		return nil, fmt.Errorf("-db %q: want a URL of https:// or file://", database)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(database, "/")+"/"+index+".gz", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s answers %s", req.URL, resp.Status)
	}
	unpacked, err := gzip.NewReader(resp.Body)
	if err != nil {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, resp.Body}, nil
}
