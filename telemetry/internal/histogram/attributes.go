package histogram

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// attributesOf are the attributes that options say.
func attributesOf(options []metric.RecordOption) attribute.Set {
	c := metric.NewRecordConfig(options)
	set := c.Attributes()
	if raw := rawAttributes(options); len(raw) > 0 {
		return attribute.NewSet(append(set.ToSlice(), raw...)...)
	}
	return set
}

// rawAttributes are those of go.opentelemetry.io/otel/metric/x, which the
// configuration does not tell of. They win over the others.
func rawAttributes(options []metric.RecordOption) (all []attribute.KeyValue) {
	for _, o := range options {
		if raw, ok := o.(interface{ RawAttributes() []attribute.KeyValue }); ok {
			all = append(all, raw.RawAttributes()...)
		}
	}
	return all
}

// nested reports whether a set has maps in it, of whose several values with
// one key only the last counts.
func nested(set *attribute.Set) bool {
	for i := range set.Len() {
		kv, _ := set.Get(i)
		if t := kv.Value.Type(); t == attribute.MAP || t == attribute.SLICE {
			return true
		}
	}
	return false
}

// single is a nested set with one value for each key of its maps.
func single(set *attribute.Set) attribute.Set {
	kvs := set.ToSlice()
	for i := range kvs {
		kvs[i].Value = singleValue(kvs[i].Value)
	}
	return attribute.NewSet(kvs...)
}

// singleValue relies on maps being sorted by their keys, and otherwise in the
// order in which they were given.
func singleValue(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.SLICE:
		values := v.AsSlice()
		for i := range values {
			values[i] = singleValue(values[i])
		}
		return attribute.SliceValue(values...)
	case attribute.MAP:
		kvs := v.AsMap()
		slices.Reverse(kvs) // the last is to be kept, not the first
		kvs = slices.CompactFunc(kvs, func(a, b attribute.KeyValue) bool { return a.Key == b.Key })
		for i := range kvs {
			kvs[i].Value = singleValue(kvs[i].Value)
		}
		return attribute.MapValue(kvs...)
	default:
		return v
	}
}
