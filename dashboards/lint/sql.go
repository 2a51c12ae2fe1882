package lint

import (
	"regexp"
	"slices"
	"strings"
)

// sqlKinds are the data sources that take SQL, and where they hold it.
var sqlKinds = map[string]string{
	"grafana-postgresql-datasource": "rawSql", "postgres": "rawSql", "mysql": "rawSql", "mssql": "rawSql", "grafana-athena-datasource": "rawSQL",
}

// sqlWrites are the words of statements that change something.
var sqlWrites = regexp.MustCompile(`(?i)\b(insert|update|delete|drop|alter|create|truncate|grant|revoke|copy|call|merge|vacuum|lock|into|reindex|refresh|nextval|setval|pg_terminate_backend|pg_cancel_backend)\b`)

var (
	sqlReads    = regexp.MustCompile(`(?i)^\(*\s*(select|with|values|table)\b`)
	timeMacro   = regexp.MustCompile(`\$\{?__(timeFilter|timeFrom|unixEpochFilter|unixEpochFrom|unixEpochNanoFilter|unixEpochNanoFrom|from)\b`)
	fromPattern = regexp.MustCompile(`(?i)\b(?:from|join)\s+(?:only\s+)?([a-z_][a-z0-9_.]*)`)
)

func checkSQL(c *checker) {
	for _, t := range c.targets {
		field, ok := sqlKinds[t.kind]
		if !ok {
			continue
		}
		at := t.get(field)
		text, ok := c.query(at)
		if !ok {
			continue
		}
		blanked, err := sqlDialect.blank(text)
		switch blanked = strings.TrimSpace(blanked); {
		case err != nil:
			c.report(at, "the query is no SQL: %v", err)
		case strings.Contains(strings.TrimRight(blanked, "; \n"), ";"):
			c.report(at, "the query is several statements: want one")
		case !sqlReads.MatchString(blanked):
			c.report(at, "the query does not begin with SELECT or WITH: a dashboard reads")
		case sqlWrites.MatchString(blanked):
			c.report(at, "the query has %s: a dashboard reads, and whoever opens it would write", strings.ToUpper(sqlWrites.FindString(blanked)))
		case !timeMacro.MatchString(blanked) && !catalogueOnly(blanked):
			c.report(at, "the query is not bound to the time that the dashboard shows: want $__timeFilter(column)")
		}
	}
}

// catalogueOnly reports whether a query reads PostgreSQL's own views alone,
// which have no time: pg_stat_statements and the like.
func catalogueOnly(sql string) bool {
	tables := fromPattern.FindAllStringSubmatch(sql, -1)
	return len(tables) > 0 && !slices.ContainsFunc(tables, func(t []string) bool {
		name := strings.ToLower(t[1])
		return !strings.HasPrefix(name, "pg_") && !strings.HasPrefix(name, "information_schema.")
	})
}
