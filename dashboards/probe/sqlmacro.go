package probe

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// macro is how Grafana finds macros: what stands in the parentheses has none
// itself. (pkg/tsdb/grafana-postgresql-datasource/macros.go.)
var macro = regexp.MustCompile(`\$([_a-zA-Z0-9]+)\(([^)]*)\)`)

// expandMacros puts SQL in the place of macros.
func expandMacros(sql string, s span) (string, error) {
	var failed error
	expanded := macro.ReplaceAllStringFunc(sql, func(whole string) string {
		m := macro.FindStringSubmatch(whole)
		args := strings.Split(m[2], ",")
		for i := range args {
			args[i] = strings.TrimSpace(args[i])
		}
		out, err := s.macro(m[1], args)
		if err != nil && failed == nil {
			failed = fmt.Errorf("$%s: %w", m[1], err)
		}
		return out
	})
	return expanded, failed
}

// macro is the SQL of one macro.
func (s span) macro(name string, args []string) (string, error) {
	column := args[0]
	from, to := s.from.UTC(), s.to.UTC()
	alias := ""
	if short, ok := strings.CutSuffix(name, "GroupAlias"); ok {
		name, alias = short+"Group", ` AS "time"`
	}
	switch name {
	case "__timeFrom":
		return quoteTime(from), nil
	case "__timeTo":
		return quoteTime(to), nil
	case "__unixEpochFrom":
		return strconv.FormatInt(from.Unix(), 10), nil
	case "__unixEpochTo":
		return strconv.FormatInt(to.Unix(), 10), nil
	case "__unixEpochNanoFrom":
		return strconv.FormatInt(from.UnixNano(), 10), nil
	case "__unixEpochNanoTo":
		return strconv.FormatInt(to.UnixNano(), 10), nil
	}
	if column == "" {
		return "", errors.New("there is no such macro, or it has no column: want one such as $__timeFilter(column)")
	}
	switch name {
	case "__time":
		return column + ` AS "time"`, nil
	case "__timeEpoch":
		return "extract(epoch from " + column + `) as "time"`, nil
	case "__timeFilter":
		return column + " BETWEEN " + quoteTime(from) + " AND " + quoteTime(to), nil
	case "__unixEpochFilter":
		return fmt.Sprintf("%s >= %d AND %s <= %d", column, from.Unix(), column, to.Unix()), nil
	case "__unixEpochNanoFilter":
		return fmt.Sprintf("%s >= %d AND %s <= %d", column, from.UnixNano(), column, to.UnixNano()), nil
	case "__timeGroup":
		return grouped("extract(epoch from "+column+")", args, alias)
	case "__unixEpochGroup":
		return grouped("("+column+")", args, alias)
	}
	return "", errors.New("there is no such macro")
}

// grouped rounds a time in seconds down to an interval.
func grouped(time string, args []string, alias string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("want a column and an interval, such as 5m or $__interval")
	}
	interval, err := parseInterval(strings.Trim(args[1], "'"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("floor(%s/%v)*%v%s", time, interval.Seconds(), interval.Seconds(), alias), nil
}

func quoteTime(t time.Time) string { return "'" + t.Format(time.RFC3339Nano) + "'" }
