package dashboards

// watch asks for what the alarm with a key watches. There is nothing to ask
// for where the pipeline has no such alarm.
func (b *builder) watch(key, label string) []Query {
	a := b.byKey[key]
	if a == nil || a.Metric == nil {
		return nil
	}
	return []Query{Watched(*a, label)}
}

// join puts queries together.
func join(lists ...[]Query) []Query {
	var all []Query
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func list(queries ...Query) []Query { return queries }

// known are those of the keys that name alarms.
func (b *builder) known(keys ...string) []string {
	var all []string
	for _, key := range keys {
		if b.byKey[key] != nil {
			all = append(all, key)
		}
	}
	return all
}

// orElse are the queries or, where there are none, another one.
func (b *builder) orElse(queries []Query, other Query) []Query {
	if len(queries) > 0 {
		return queries
	}
	return list(other)
}
