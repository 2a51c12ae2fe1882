package policy

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Files are the texts of modules, by their paths with slashes.
type Files map[string][]byte

// ReadFiles returns all Terraform files below a directory but those of tests.
func ReadFiles(dir fs.FS) (Files, error) {
	files := Files{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "tests" || d.Name() == ".terraform"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".tf") && !strings.HasSuffix(name, ".tf.json"):
			return nil
		}
		files[name], err = fs.ReadFile(dir, name)
		return err
	})
	return files, err
}

// Module is a directory with Terraform files.
type Module struct {
	Dir    string // with slashes, "." for the top
	Blocks []*Block

	files     Files
	secrets   map[string]string // by file, how one begins that its text seems to hold
	locals    map[string]hclsyntax.Expression
	variables map[string]*Block
	outputs   map[string]*Block
	calls     map[string]*Block
}

// Block is a block: a resource, a variable, or one within another.
type Block struct {
	Type       string
	Labels     []string
	Attributes map[string]hclsyntax.Expression
	Blocks     []*Block
	Range      hcl.Range

	parent *Block
}

// Name is the address of a resource within its module: type.name.
func (b *Block) Name() string { return strings.Join(b.Labels, ".") }

// Nested returns the blocks of a type within this one, dynamic ones included.
func (b *Block) Nested(kind string) []*Block {
	var found []*Block
	for _, n := range b.Blocks {
		switch {
		case n.Type == kind:
			found = append(found, n)
		case n.Type == "dynamic" && len(n.Labels) == 1 && n.Labels[0] == kind:
			found = append(found, n.Nested("content")...)
		}
	}
	return found
}

// Read parses the modules, by their directories.
func Read(files Files) (map[string]*Module, error) {
	byDir := map[string]Files{}
	for name, text := range files {
		if byDir[path.Dir(name)] == nil {
			byDir[path.Dir(name)] = Files{}
		}
		byDir[path.Dir(name)][name] = text
	}
	modules := make(map[string]*Module, len(byDir))
	for dir, files := range byDir {
		m, err := readModule(dir, files)
		if err != nil {
			return nil, err
		}
		modules[dir] = m
	}
	return modules, nil
}

// Replace returns the modules as they are with another text for a file.
func Replace(modules map[string]*Module, name string, text []byte) (map[string]*Module, error) {
	dir, files := path.Dir(name), Files{}
	if m := modules[dir]; m != nil {
		files = maps.Clone(m.files)
	}
	files[name] = text
	m, err := readModule(dir, files)
	if err != nil {
		return nil, err
	}
	modules = maps.Clone(modules)
	modules[dir] = m
	return modules, nil
}

func readModule(dir string, files Files) (*Module, error) {
	m := &Module{
		Dir: dir, files: files, secrets: map[string]string{},
		locals: map[string]hclsyntax.Expression{}, variables: map[string]*Block{}, outputs: map[string]*Block{}, calls: map[string]*Block{},
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		read := readHCL
		if strings.HasSuffix(name, ".json") {
			read = readJSON
		}
		blocks, err := read(name, files[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m.add(blocks)
		if found := secretText.Find(files[name]); found != nil {
			m.secrets[name] = string(found[:min(8, len(found))])
		}
	}
	return m, nil
}

func (m *Module) add(blocks []*Block) {
	m.Blocks = append(m.Blocks, blocks...)
	for _, b := range blocks {
		switch b.Type {
		case "locals":
			maps.Copy(m.locals, b.Attributes)
		case "variable":
			m.variables[b.Labels[0]] = b
		case "output":
			m.outputs[b.Labels[0]] = b
		case "module":
			m.calls[b.Labels[0]] = b
		}
	}
}

func readHCL(name string, text []byte) ([]*Block, error) {
	file, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	return blocksOf(file.Body.(*hclsyntax.Body), nil), nil
}

func blocksOf(body *hclsyntax.Body, parent *Block) []*Block {
	blocks := make([]*Block, len(body.Blocks))
	for i, b := range body.Blocks {
		attributes := make(map[string]hclsyntax.Expression, len(b.Body.Attributes))
		for name, a := range b.Body.Attributes {
			attributes[name] = a.Expr
		}
		blocks[i] = &Block{Type: b.Type, Labels: b.Labels, Attributes: attributes, Range: b.DefRange(), parent: parent}
		blocks[i].Blocks = blocksOf(b.Body, blocks[i])
	}
	return blocks
}
