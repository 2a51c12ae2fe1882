package policy

import "path"

// Instance is a module as it is used: a root module, or a call of a shared one
// with its arguments.
type Instance struct {
	Path   string // "events", "events/consumer/function"
	Module *Module

	modules map[string]*Module
	caller  *Instance
	call    *Block
	known   map[string][]Value
	busy    map[string]bool
}

// Root returns the instance of a root module.
func Root(modules map[string]*Module, dir string) *Instance {
	return &Instance{Path: dir, Module: modules[dir], modules: modules, known: map[string][]Value{}, busy: map[string]bool{}}
}

// Child returns the instance of a module that this one calls, or nil if it is not
// there.
func (in *Instance) Child(name string) *Instance {
	call := in.Module.calls[name]
	if call == nil {
		return nil
	}
	sources := texts(in.evaluate(call.Attributes["source"], nil))
	if len(sources) != 1 {
		return nil
	}
	m := in.modules[path.Join(in.Module.Dir, sources[0])]
	if m == nil {
		return nil
	}
	return &Instance{
		Path: in.Path + "/" + name, Module: m, modules: in.modules, caller: in, call: call, known: map[string][]Value{}, busy: map[string]bool{},
	}
}

// variables are the names that stand for values in an expression: those of a for,
// and each.
type variables map[string][]Value

func (v variables) with(name string, values []Value) variables {
	next := variables{name: values}
	for k, old := range v {
		if k != name {
			next[k] = old
		}
	}
	return next
}

// within are the variables in a block: each, if it has a for_each, and that of
// every dynamic block around it.
func (in *Instance) within(b *Block) variables {
	if b == nil {
		return nil
	}
	outer := in.within(b.parent)
	expr, ok := b.Attributes["for_each"]
	if !ok {
		return outer
	}
	name := "each"
	if b.Type == "dynamic" {
		name = b.Labels[0]
	}
	all := in.evaluate(expr, outer)
	return outer.with(name, []Value{{kind: object, fields: map[string][]Value{"key": keys(all), "value": elements(all)}}})
}

// Values are what an attribute of a block may be; nothing if it is not there.
func (in *Instance) Values(b *Block, attribute string) []Value {
	expr, ok := b.Attributes[attribute]
	if !ok {
		return nil
	}
	return in.evaluate(expr, in.within(b))
}

// once computes what has a name, and knows it from then on.
func (in *Instance) once(name string, compute func() []Value) []Value {
	if v, ok := in.known[name]; ok {
		return v
	}
	if in.busy[name] {
		return []Value{unknownValue(name)} // by way of itself
	}
	in.busy[name] = true
	v := compute()
	delete(in.busy, name)
	in.known[name] = v
	return v
}

func (in *Instance) local(name string) []Value {
	expr, ok := in.Module.locals[name]
	if !ok {
		return []Value{unknownValue("local." + name)}
	}
	return in.once("local."+name, func() []Value { return in.evaluate(expr, nil) })
}

// variable is what the caller gave, or the default; of a root module, anything.
func (in *Instance) variable(name string) []Value {
	return in.once("var."+name, func() []Value {
		if in.call != nil {
			if expr, ok := in.call.Attributes[name]; ok {
				return in.caller.evaluate(expr, in.caller.within(in.call))
			}
			if b := in.Module.variables[name]; b != nil && b.Attributes["default"] != nil {
				return in.evaluate(b.Attributes["default"], nil)
			}
		}
		return []Value{unknownValue("var." + name)}
	})
}

// output is an output of a module that is called.
func (in *Instance) output(call, name string) []Value {
	child := in.Child(call)
	if child == nil || child.Module.outputs[name] == nil {
		return []Value{unknownValue("module." + call + "." + name)}
	}
	return in.once("module."+call+"."+name, func() []Value { return child.evaluate(child.Module.outputs[name].Attributes["value"], nil) })
}
