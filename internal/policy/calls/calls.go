package calls

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

const (
	module   = "github.com/tracehaul/tracehaul"
	services = "github.com/aws/aws-sdk-go-v2/service/"
)

// others are functions that call AWS, or make what does, and are no operations of
// the SDK.
var others = map[string]string{ //nolint:gosec // names of functions
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth.BuildAuthToken":           "rds/auth.BuildAuthToken",
	"(github.com/aws/aws-sdk-go-v2/aws/signer/v4.Signer).SignHTTP":           "signer/v4.SignHTTP",
	"(github.com/aws/aws-sdk-go-v2/aws/signer/v4.Signer).PresignHTTP":        "signer/v4.PresignHTTP",
	"(github.com/aws/aws-sdk-go-v2/aws/signer/v4.HTTPSigner).SignHTTP":       "signer/v4.SignHTTP",
	"(github.com/aws/aws-sdk-go-v2/aws/signer/v4.HTTPPresigner).PresignHTTP": "signer/v4.PresignHTTP",
}

// Of returns the calls of a program, such as "./cmd/service" below a directory:
// "sns.PublishBatch", with a place where it stands.
func Of(dir, program string) (map[string]string, error) {
	own, err := ownPackages(dir, program)
	if err != nil {
		return nil, err
	}
	loaded, err := packages.Load(config(dir, packages.NeedName|packages.NeedTypes|packages.NeedTypesInfo|packages.NeedSyntax|packages.NeedImports), own...)
	if err != nil {
		return nil, err
	}
	r := reader{dir: dir, bodies: map[string][]body{}, reached: map[string]bool{}, calls: map[string]string{}}
	for _, p := range loaded {
		for _, e := range p.Errors {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, e)
		}
		r.collect(p)
	}
	if !r.main {
		return nil, fmt.Errorf("%s is no program: it has no main", program)
	}
	r.reach("main")
	return r.calls, nil
}

func config(dir string, mode packages.LoadMode) *packages.Config {
	return &packages.Config{Mode: mode, Dir: dir, BuildFlags: []string{"-tags=lambda.norpc"}} // as functions are built
}

// ownPackages are the packages of this module that a program links.
func ownPackages(dir, program string) ([]string, error) {
	loaded, err := packages.Load(config(dir, packages.NeedName|packages.NeedImports|packages.NeedDeps), program)
	if err != nil {
		return nil, err
	}
	var own []string
	packages.Visit(loaded, nil, func(p *packages.Package) {
		if strings.HasPrefix(p.PkgPath, module+"/") {
			own = append(own, p.PkgPath)
		}
		for _, e := range p.Errors {
			err = e
		}
	})
	return own, err
}

// body is code that runs when its owner is reached.
type body struct {
	node ast.Node
	p    *packages.Package
}

// reader goes from main to everything that it can call.
type reader struct {
	dir     string
	main    bool
	bodies  map[string][]body // by the owner's name
	reached map[string]bool
	calls   map[string]string
}

// collect notes who owns what code: functions their own, types their methods',
// and main whatever runs before it.
func (r *reader) collect(p *packages.Package) {
	add := func(owner string, node ast.Node) { r.bodies[owner] = append(r.bodies[owner], body{node, p}) }
	for _, file := range p.Syntax {
		for _, decl := range file.Decls {
			f, isFunction := decl.(*ast.FuncDecl)
			switch {
			case !isFunction:
				for _, spec := range decl.(*ast.GenDecl).Specs {
					switch s := spec.(type) {
					case *ast.ValueSpec:
						add("main", s)
					case *ast.TypeSpec:
						add(p.PkgPath+"."+s.Name.Name, s) // what it is made of
					}
				}
			case f.Recv == nil && (f.Name.Name == "init" || f.Name.Name == "main" && p.Name == "main"):
				r.main = r.main || f.Name.Name == "main"
				add("main", f)
			default:
				object := p.TypesInfo.Defs[f.Name].(*types.Func)
				add(object.FullName(), f)
				if f.Recv != nil {
					add(typeName(object.Signature().Recv().Type()), f)
				}
			}
		}
	}
}

// typeName is the full name of a named type, or of what a pointer points to.
func typeName(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		return n.Obj().Pkg().Path() + "." + n.Obj().Name()
	}
	return ""
}

func (r *reader) reach(owner string) {
	if r.reached[owner] || owner == "" {
		return
	}
	r.reached[owner] = true
	for _, b := range r.bodies[owner] {
		ast.Inspect(b.node, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			switch object := b.p.TypesInfo.Uses[id].(type) {
			case *types.Func:
				if call := operation(object.Origin()); call != "" {
					r.note(call, b.p.Fset.Position(id.Pos()))
				}
				r.reach(object.Origin().FullName())
			case *types.TypeName:
				r.reach(typeName(object.Type()))
			case *types.Var, *types.Const:
				r.reach(typeName(object.Type())) // made by a function elsewhere, or a field
			}
			return true
		})
	}
}

func (r *reader) note(call string, at token.Position) {
	if _, ok := r.calls[call]; ok {
		return
	}
	dir, err := filepath.Abs(r.dir)
	if err == nil {
		if rel, err := filepath.Rel(dir, at.Filename); err == nil {
			at.Filename = filepath.ToSlash(rel)
		}
	}
	r.calls[call] = fmt.Sprintf("%s:%d", at.Filename, at.Line)
}

// operation is the operation that a function of the SDK, or a method of an
// interface in its place, calls: it takes the operation's input.
func operation(f *types.Func) string {
	if other, ok := others[f.FullName()]; ok {
		return other
	}
	recv := f.Signature().Recv()
	inSDK := f.Pkg() != nil && strings.HasPrefix(f.Pkg().Path(), services)
	if !inSDK && (recv == nil || !types.IsInterface(recv.Type())) {
		return ""
	}
	for p := range f.Signature().Params().Variables() {
		name := typeName(p.Type())
		service, ok := strings.CutPrefix(name, services)
		if !ok || !strings.HasSuffix(name, "Input") {
			continue
		}
		if service, input, ok := strings.Cut(service, "."); ok && !strings.Contains(service, "/") {
			return service + "." + strings.TrimSuffix(input, "Input")
		}
	}
	return ""
}
